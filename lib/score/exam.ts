import { z } from 'zod';
import { exampleSchema } from '#lib/example/schema.ts';
import { scoreSchema, verdictSchema } from './schema.ts';

/** A verdict with the window it was given on; `window` is null where its text is no longer kept or was taken down. */
export const verdictViewSchema = verdictSchema.extend({ window: exampleSchema.nullable() });
export type VerdictView = z.infer<typeof verdictViewSchema>;

/** Everything behind one score: the explanation that sat the exam, and every window where it was right or wrong. */
export const examSchema = z.object({
  model: z.string(),
  coder: z.string(),
  index: z.number().int(),
  explanation: z.string().nullable().describe('Null for a score of the latent itself'),
  score: scoreSchema,
  /** Strongest claim first: by the scorer's score, descending. */
  verdicts: z.array(verdictViewSchema),
  /** Windows whose document was taken down: their verdicts count, their text is not shown. */
  suppressed: z.number().int(),
});
export type Exam = z.infer<typeof examSchema>;
