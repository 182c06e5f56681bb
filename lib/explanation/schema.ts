import { z } from 'zod';
import { PROTOCOL_NAMES } from '#lib/example/protocol.ts';
import { EXPLANATION_METHODS } from './methods.ts';
import { precisionViewSchema } from '#lib/score/precision.ts';
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
  pending: z.boolean().describe('Whether it waits to be scored on the sealed reserve'),
  /** Newest first. */
  scores: z.array(takenScoreSchema),
  precisions: z.array(precisionViewSchema).describe('For a sample of a coder’s latents: how precise a yes is where the latent fires as seldom as it does'),
});
export type ExplanationView = z.infer<typeof explanationSchema>;

/** What came of an explainer that the latent's run asked for. */
export const explanationAttemptSchema = z.object({
  asked: z.string().describe('As the run’s configuration names it: a method, or auto'),
  method: z.string().nullable().describe('The method that was used; null where none would say anything true'),
  reason: z.string().nullable().describe('Why that method, where the latent’s statistics chose it'),
  cause: z.string().nullable().describe('Why there is no explanation, as a stable word; null where there is one'),
  message: z.string().nullable().describe('… and as a sentence'),
});
export type ExplanationAttempt = z.infer<typeof explanationAttemptSchema>;
