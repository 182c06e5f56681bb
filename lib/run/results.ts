import { z } from 'zod';
import { metricSchema, scorerSchema } from '#lib/score/schema.ts';

const spreadSchema = z.object({ n: z.number(), median: z.number(), lower: z.number(), upper: z.number(), q1: z.number(), q3: z.number() });

/** What a run's results say of its scores: by scorer, over its latents. */
export const runScoresSchema = z.partialRecord(
  scorerSchema,
  z.object({ metric: metricSchema, score: spreadSchema.nullable(), control: spreadSchema.nullable() }),
);
export type RunScores = z.infer<typeof runScoresSchema>;

/** How many of its latents are what. */
export const runLatentsSchema = z.partialRecord(z.enum(['dead', 'too_few_windows', 'too_few_documents', 'ready']), z.number());

/** What it took of language models; a cost of null is not known. */
export const runCallsSchema = z.object({
  calls: z.number(),
  reused: z.number(),
  tokensIn: z.number(),
  tokensOut: z.number(),
  cost: z.number().nullable(),
  stopped: z.object({ message: z.string() }).nullish(),
});
