import { z } from 'zod';
import { NEGATIVE_CLASSES } from '#lib/example/protocol.ts';

/** What a window is in an exam: one the latent fires on, or the class of silent windows that it was drawn for. */
export const EXAM_KINDS = ['activating', ...NEGATIVE_CLASSES] as const;
export type ExamKind = (typeof EXAM_KINDS)[number];

/** One window's verdict in an exam. `score` is what the scorer ranked it by; `right` is null where the scorer only ranks. */
export const verdictSchema = z.object({
  row: z.number().int(),
  start: z.number().int(),
  positive: z.boolean(),
  score: z.number().nullable(),
  right: z.boolean().nullable(),
  kind: z.enum(EXAM_KINDS).optional().describe('`activating`, or the class of the silent window; absent in older scores, whose silent windows are all random'),
  marked: z.array(z.number().int()).optional().describe('Tokens of the window that were shown as highlighted, where the scorer shows any'),
  simulated: z
    .strictObject({ predicted: z.array(z.number()), actual: z.array(z.number()) })
    .optional()
    .describe(
      'Activations of the window’s tokens from 0 to 10 as a simulation has them, and as they are; tokens that hold parts of one character count as one',
    ),
});
export type Verdict = z.infer<typeof verdictSchema>;

const storedVerdict = [z.number().int(), z.number().int(), z.boolean(), z.number().nullable(), z.boolean().nullable()] as const;

/** As stored, a third of the objects' size: [row, start, positive, score, right] a window, and where they are known its kind and what was marked or simulated. */
export const verdictsSchema = z
  .array(
    z.union([
      z.tuple(storedVerdict),
      z.tuple([...storedVerdict, z.enum(EXAM_KINDS)]),
      z.tuple([...storedVerdict, z.enum(EXAM_KINDS), z.array(z.number().int())]),
      z.tuple([...storedVerdict, z.enum(EXAM_KINDS), z.null(), z.array(z.number()), z.array(z.number())]),
    ]),
  )
  .transform((tuples) =>
    tuples.map(([row, start, positive, score, right, kind, marked, predicted, actual]): Verdict => ({
      row,
      start,
      positive,
      score,
      right,
      ...(kind && { kind }),
      ...(marked && { marked }),
      ...(predicted && actual && { simulated: { predicted, actual } }),
    })),
  );

/** The stored form; scores are kept to five digits, which no display or threshold needs more of, and simulated activations to a hundredth. */
export function storedVerdicts(verdicts: readonly Verdict[]): z.input<typeof verdictsSchema> {
  return verdicts.map(({ row, start, positive, score, right, kind, marked, simulated }) => {
    const five = [row, start, positive, score === null ? null : Number(score.toPrecision(5)), right] as const;
    if (kind === undefined) return [...five];
    if (simulated) return [...five, kind, null, simulated.predicted.map((level) => Math.round(100 * level) / 100), simulated.actual];
    return marked === undefined ? [...five, kind] : [...five, kind, marked];
  });
}

export const SCORERS = ['embedding', 'rule_tokens', 'rule_windows', 'detection', 'fuzzing', 'simulation', 'surprisal', 'intruder'] as const;
export const scorerSchema = z.enum(SCORERS);
export type Scorer = z.infer<typeof scorerSchema>;

/** Figures of different metrics are never averaged with one another. */
export const METRICS = ['auroc', 'balanced_accuracy', 'pearson_r', 'accuracy'] as const;
export const metricSchema = z.enum(METRICS);
export type Metric = z.infer<typeof metricSchema>;

const figureSchema = z.object({
  value: z.number(),
  lower: z.number().nullable().describe('95 % interval, respecting documents'),
  upper: z.number().nullable(),
  nPositives: z.number().int(),
  nNegatives: z.number().int(),
});
/** One number with its interval and the items it was taken on. */
export type Figure = z.infer<typeof figureSchema>;

/** The numbers behind a score's one number; each list holds only what could be taken. */
export const scorePartsSchema = z.object({
  classes: z
    .array(figureSchema.extend({ class: z.enum(NEGATIVE_CLASSES) }))
    .default([])
    .describe('Against each class of silent windows by itself, in the score’s own metric'),
  quantiles: z
    .array(figureSchema.extend({ quantile: z.number().int() }))
    .default([])
    .describe('Each tenth of the firing windows, 0 the strongest, against the same random silent windows, in the score’s own metric'),
  metrics: z
    .array(figureSchema.extend({ metric: metricSchema }))
    .default([])
    .describe('The same exam in further metrics'),
});
export type ScoreParts = z.infer<typeof scorePartsSchema>;

const boundsSchema = { lower: z.number().nullable(), upper: z.number().nullable() };

/** A score's parts with what a run adds to them. */
export const scoreFiguresSchema = scorePartsSchema.extend({
  blank: z
    .object({ value: z.number(), ...boundsSchema })
    .nullable()
    .default(null)
    .describe('The same exam with no explanation at all'),
  lift: z
    .object({ baseline: z.string(), value: z.number(), ...boundsSchema, n: z.number().int() })
    .nullable()
    .default(null)
    .describe('By how much it beats the lexical baseline’s explanation on the very windows that both were judged on'),
  failures: z.record(z.string(), z.number().int()).default({}).describe('Items of all classes without a verdict, by cause'),
  chance: z.number().nullable().default(null).describe('What a scorer that knows nothing scores'),
});
export type ScoreFigures = z.infer<typeof scoreFiguresSchema>;

/** A score as shown: never a bare number. Without a value it failed, and `failure` says why. */
export const scoreSchema = z.object({
  id: z.string(),
  explanationId: z.string().nullable().describe('Null for a score of the latent itself'),
  scorer: scorerSchema,
  metric: metricSchema,
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
  parts: scoreFiguresSchema.describe('By class of silent windows, by tenth of the firing ones, in further metrics; blank control, lift, failures by cause'),
  exam: z.enum(['test', 'reserve']),
  createdAt: z.iso.datetime(),
  provenance: z
    .record(z.string(), z.unknown())
    .describe(
      'How it was taken: version of the code, model, endpoint, prompt template and hash of what was asked, seed, calls, tokens in and out, US dollars, milliseconds, the same of its controls. The score’s own address has the keys of the raw answers as well',
    ),
});
export type ScoreView = z.infer<typeof scoreSchema>;

/** A score among others: of each scorer one stands. */
export const takenScoreSchema = scoreSchema.extend({
  current: z.boolean().describe('Whether this is the score that stands for its scorer; others are history'),
});
export type TakenScoreView = z.infer<typeof takenScoreSchema>;
