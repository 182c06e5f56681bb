import { z } from 'zod';

const whole = z.number().int().nonnegative();

/** How well a coder's output stands in for what it reads, measured on a sample of rows. */
export const reconstructionSchema = z.object({
  rows: whole.describe('Rows of text that were reconstructed, drawn by the run’s seed'),
  tokens: whole,
  documents: whole,
  varianceUnexplained: z.number().nullable().describe('Fraction of the variance that the reconstruction leaves out; null where there is no variance'),
  loss: z.object({
    predictions: whole,
    original: z.number().describe('Mean next-token loss of the model, in nats'),
    spliced: z.number().describe('… with the reconstruction in the hidden state’s place'),
    ablated: z.number().describe('… with zeros in its place'),
    increase: z.number().describe('`spliced` − `original`'),
    lower: z.number().nullable().describe('95 % interval of the increase, over documents; null with fewer than two'),
    upper: z.number().nullable(),
    recovered: z.number().nullable().describe('1 for a perfect reconstruction, 0 for one no better than zeros; null where zeros do no harm'),
  }),
});
export type ReconstructionView = z.infer<typeof reconstructionSchema>;

/** What a run found of a coder as a whole, over all its latents and all tokens that were read. */
export const coderProfileSchema = z.object({
  runId: z.string(),
  tokens: whole,
  windows: whole,
  documents: whole,
  latents: whole,
  alive: whole.describe('Latents that fire at least once'),
  dead: whole,
  over1Percent: whole.describe('Latents that fire on more than 1 % of the tokens'),
  dense: whole.describe('Latents that fire on more than 10 % of the tokens'),
  l0: z.number().describe('Active latents a token, on average'),
  singleToken: z.object({ strong: whole, weak: whole }).nullable(),
  medianMax: z.number().nullable().describe('Median over alive latents of the greatest activation'),
  reconstruction: reconstructionSchema.nullable().describe('Null where it could not be measured; the run’s log says why'),
});
export type CoderProfile = z.infer<typeof coderProfileSchema>;
