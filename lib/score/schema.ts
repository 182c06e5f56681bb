import { z } from 'zod';

/** One window's verdict in an exam. `score` is what the scorer ranked it by; `right` is null where the scorer only ranks. */
export const verdictSchema = z.object({
  row: z.number().int(),
  start: z.number().int(),
  positive: z.boolean(),
  score: z.number().nullable(),
  right: z.boolean().nullable(),
});
export type Verdict = z.infer<typeof verdictSchema>;

/** As stored, a third of the objects' size: [row, start, positive, score, right] a window. */
export const verdictsSchema = z
  .array(z.tuple([z.number().int(), z.number().int(), z.boolean(), z.number().nullable(), z.boolean().nullable()]))
  .transform((tuples) => tuples.map(([row, start, positive, score, right]): Verdict => ({ row, start, positive, score, right })));

/** The stored form; scores are kept to five digits, which no display or threshold needs more of. */
export function storedVerdicts(verdicts: readonly Verdict[]): z.input<typeof verdictsSchema> {
  return verdicts.map(({ row, start, positive, score, right }) => [row, start, positive, score === null ? null : Number(score.toPrecision(5)), right]);
}

export const SCORERS = ['embedding', 'rule_tokens', 'rule_windows', 'detection'] as const;
export const scorerSchema = z.enum(SCORERS);
export type Scorer = z.infer<typeof scorerSchema>;

/** A score as shown: never a bare number. Without a value it failed, and `failure` says why. */
export const scoreSchema = z.object({
  id: z.string(),
  explanationId: z.string(),
  scorer: scorerSchema,
  metric: z.enum(['auroc', 'balanced_accuracy']),
  value: z.number().nullable(),
  /** 95 % interval from resampling documents within each class. */
  lower: z.number().nullable(),
  upper: z.number().nullable(),
  /** The same score for another latent's explanation on the same exam. */
  control: z.object({ value: z.number(), lower: z.number().nullable(), upper: z.number().nullable() }).nullable(),
  controlMissing: z.string().nullable().describe('Why there is no control, in a sentence; null where there is one, or where nobody noted why not'),
  /** Items judged, in the scorer's unit: windows, or tokens for `rule_tokens`. With `nFailed` they make up the exam. */
  nPositives: z.number().int(),
  nNegatives: z.number().int(),
  nFailed: z.number().int(),
  failure: z.string().nullable().describe('Why there is no value, in a sentence; null for a score that has one'),
  exam: z.enum(['test', 'reserve']),
  createdAt: z.iso.datetime(),
});
export type ScoreView = z.infer<typeof scoreSchema>;
