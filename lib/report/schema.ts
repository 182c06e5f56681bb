import { z } from 'zod';
import { NEGATIVE_CLASSES } from '#lib/example/protocol.ts';
import { precisionLineSchema } from '#lib/score/precision.ts';
import { metricSchema, scorerSchema } from '#lib/score/schema.ts';

const estimateSchema = z.object({ value: z.number(), lower: z.number().nullable(), upper: z.number().nullable() });
/** A number with its 95 % interval; without bounds where there was too little to take one from. */
export type Estimate = z.infer<typeof estimateSchema>;

const spreadSchema = z.object({
  /** Latents. */
  n: z.number().int(),
  /** Distribution-free 95 % interval (lib/stats/median-interval.ts). */
  median: estimateSchema,
  q1: z.number(),
  q3: z.number(),
  /** 95 % interval by resampling latents. */
  mean: estimateSchema,
});
/** How one figure spreads over latents. */
export type Spread = z.infer<typeof spreadSchema>;

/** One way of explaining judged by one scorer, over all of a run's latents. */
const lineSchema = z.object({
  /** Explainer's method; null for a scorer that judges the latent. */
  method: z.string().nullable(),
  scorer: scorerSchema,
  metric: metricSchema,
  /** What a scorer that knows nothing scores. */
  nullValue: z.number(),
  /** Null where no score has a value. */
  score: spreadSchema.nullable(),
  /** Over the latents that have one: another latent's explanation on the same exam. */
  control: spreadSchema.nullable(),
  /** Own score less control, latent by latent. */
  overControl: spreadSchema.nullable(),
  /** Latents whose interval lies wholly above the null value, as a share with its Wilson interval. */
  aboveNull: estimateSchema,
  /** Mean weighted by how often the latent fires: the score of an activation drawn at random. */
  frequencyWeighted: estimateSchema.nullable(),
  /** Scores without a value, and windows without a verdict in those that have one. */
  failedScores: z.number().int(),
  failedItems: z.number().int(),
});
export type ReportLine = z.infer<typeof lineSchema>;

const quantileSchema = z.object({
  method: z.string().nullable(),
  scorer: scorerSchema,
  metric: metricSchema,
  /** 0 holds the strongest windows. */
  quantile: z.number().int(),
  score: spreadSchema,
});

const classSchema = z.object({
  method: z.string().nullable(),
  scorer: scorerSchema,
  metric: metricSchema,
  class: z.enum(NEGATIVE_CLASSES),
  score: spreadSchema,
});

const correlationSchema = z.object({
  method: z.string(),
  a: scorerSchema,
  b: scorerSchema,
  n: z.number().int(),
  pearson: estimateSchema,
  spearman: estimateSchema,
});

const comparisonSchema = z.object({
  scorer: scorerSchema,
  metric: metricSchema,
  /** What is compared, e.g. `lexical` with `default`, or one run with another. */
  a: z.string(),
  b: z.string(),
  /** `paired` where both judged the same latents on the same exams; else their latents differ. */
  kind: z.enum(['paired', 'unpaired']),
  n: z.number().int().describe('Latents that both have, or the smaller of both numbers'),
  /** a − b. */
  meanDifference: estimateSchema,
  medianDifference: estimateSchema,
  /** Share of the latents on which a scores higher, ties one half; null where unpaired. */
  aHigher: estimateSchema.nullable(),
});
export type Comparison = z.infer<typeof comparisonSchema>;

const failureSchema = z.object({ stage: z.string(), what: z.string(), cause: z.string(), n: z.number().int() });

/** What delphi's own reports give: one confusion table over the windows of all latents put together. */
export const delphiPooledSchema = z.array(
  z.object({
    scorer: scorerSchema,
    latents: z.number().int(),
    median: z.number().nullable().describe('Ours, of the same verdicts: the median over latents'),
    failed: z.number().int(),
    pooled: z
      .object({
        balancedAccuracy: z.number(),
        f1: z.number(),
        precision: z.number(),
        recall: z.number(),
        windows: z.number().int(),
        failed: z.number().int(),
      })
      .nullable(),
  }),
);

/** Everything a run says about itself; `atlas report RUN --json` prints it, the pages of the report are made from it. */
export const runReportSchema = z.object({
  version: z.literal(1),
  run: z.object({
    id: z.string(),
    model: z.string(),
    coder: z.string(),
    text: z.string(),
    protocol: z.string(),
    state: z.string(),
    startedAt: z.string().nullable(),
    seconds: z.number().nullable(),
    tokens: z.number().nullable(),
    config: z.record(z.string(), z.unknown()),
  }),
  coverage: z.object({
    /** Latents sampled, by status. */
    latents: z.record(z.string(), z.number().int()),
    explained: z.array(z.object({ method: z.string(), explainers: z.array(z.string()), latents: z.number().int() })),
  }),
  lines: z.array(lineSchema),
  quantiles: z.array(quantileSchema),
  classes: z.array(classSchema),
  correlations: z.array(correlationSchema),
  comparisons: z.array(comparisonSchema),
  /** At the rate at which latents really fire, over the sample that was measured. */
  precision: z.array(precisionLineSchema),
  /** Of results imported from delphi: its own way to sum them up; null for a run of this house. */
  delphiPooled: delphiPooledSchema.nullable(),
  failures: z.array(failureSchema),
  cost: z.object({
    calls: z.number().int(),
    tokensIn: z.number().int(),
    tokensOut: z.number().int(),
    /** US dollars; null where a price is not known. */
    usd: z.number().nullable(),
  }),
});
export type RunReport = z.infer<typeof runReportSchema>;
