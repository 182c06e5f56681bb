import { z } from 'zod';
import { PROTOCOL_NAMES } from '#lib/example/protocol.ts';
import { EXPLANATION_METHODS } from './methods.ts';
import { takenScoreSchema } from '#lib/score/schema.ts';

export const explanationMethodSchema = z.enum(EXPLANATION_METHODS);

export const explanationSchema = z.object({
  id: z.string(),
  method: explanationMethodSchema,
  /** The explainer in full: `lexical-1`, the language model's name, or the name of whoever entered it. */
  explainer: z.string(),
  text: z.string(),
  /** True for the lexical baseline, which sees words and not meaning; the page says so. */
  baseline: z.boolean(),
  runId: z.string(),
  protocol: z.enum(PROTOCOL_NAMES).describe('How its evidence and the exams of its scores were drawn; scores of different protocols are never to be compared'),
  overlap: z.number().int().nullable().describe('Firing windows of its exam that were evidence too; null where the sample is no longer kept'),
  createdAt: z.iso.datetime(),
  provenance: z.record(z.string(), z.unknown()),
  /** Newest first. */
  scores: z.array(takenScoreSchema),
});
export type ExplanationView = z.infer<typeof explanationSchema>;
