import { z } from 'zod';
import { scoreSchema } from '#lib/score/schema.ts';

export const explanationMethodSchema = z.enum(['lexical', 'llm']);
export type ExplanationMethod = z.infer<typeof explanationMethodSchema>;

export const explanationSchema = z.object({
  id: z.string(),
  method: explanationMethodSchema,
  /** The explainer in full: `lexical-1`, or the language model's name. */
  explainer: z.string(),
  text: z.string(),
  /** True for the lexical baseline, which sees words and not meaning; the page says so. */
  baseline: z.boolean(),
  runId: z.string(),
  createdAt: z.iso.datetime(),
  provenance: z.record(z.string(), z.unknown()),
  /** Newest first. */
  scores: z.array(scoreSchema.extend({ current: z.boolean().describe('Whether this is the score that stands for its scorer; others are history') })),
});
export type ExplanationView = z.infer<typeof explanationSchema>;
