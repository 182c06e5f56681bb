import { z } from 'zod';
import { assignment, type Assignment } from '#lib/stats/assignment.ts';
import { averagePrecision } from '#lib/stats/average-precision.ts';
import { benjaminiHochberg } from '#lib/stats/benjamini-hochberg.ts';
import { bcaCorrections, bcaInterval, percentileInterval } from '#lib/stats/bootstrap.ts';
import { calibration } from '#lib/stats/calibration.ts';
import { classification } from '#lib/stats/classification.ts';
import { cosineMatrix } from '#lib/stats/cosine-matrix.ts';
import { delong, delongPaired } from '#lib/stats/delong.ts';
import { explainedVariance, type ExplainedVariance } from '#lib/stats/explained-variance.ts';
import type { Interval } from '#lib/stats/interval.ts';
import { klSoftmax } from '#lib/stats/kl-softmax.ts';
import { logOddsDirichlet, priorFromBackground } from '#lib/stats/log-odds.ts';
import { mannWhitney } from '#lib/stats/mann-whitney.ts';
import { normalQuantile } from '#lib/stats/normal.ts';
import { pearson } from '#lib/stats/pearson.ts';
import { median, quantiles } from '#lib/stats/quantile.ts';
import { ReconstructionSums } from '#lib/stats/reconstruction-sums.ts';
import { rocAuc } from '#lib/stats/roc-auc.ts';
import { spearman } from '#lib/stats/spearman.ts';
import { weightedMedian } from '#lib/stats/weighted-median.ts';
import { wilson } from '#lib/stats/wilson.ts';

/** A table of expected values: what a case's input must look like, and every shipped function that computes its values. */
export interface StatisticsTable {
  /**
   * The values of a case by each of the functions, in the form of what the table expects. Throws ZodError for an input of
   * another form.
   */
  values(input: unknown, expected: unknown): unknown[];
}

const Z_95 = normalQuantile(0.975);
const numbers = z.array(z.number());
const matrix = z.array(numbers).min(1);
const scored = z.object({ labels: numbers, scores: numbers });

function table<I>(schema: z.ZodType<I>, ...ways: readonly ((input: I, expected: unknown) => unknown)[]): StatisticsTable {
  return {
    values(input, expected) {
      const parsed = schema.parse(input);
      return ways.map((way) => way(parsed, expected));
    },
  };
}

const matching = z.object({ pairs: z.array(z.tuple([z.number().int(), z.number().int()])) });
/** Totals of two matchings nearer than this are equal but for rounding. */
const TIE = 1e-12;

/** The levels that a table asks for are the names in its expected values. */
const rejections = z.object({ rejected: z.record(z.string(), numbers) });

const ends = (interval: Interval | null | undefined): [number, number] | null => (interval ? [interval.low, interval.high] : null);

const explained = (result: ExplainedVariance | null): unknown =>
  result && {
    fvu: result.fvu,
    variance_explained: result.varianceExplained,
    explained_variance_weighted: result.biasFreeWeighted,
    explained_variance_uniform: result.biasFreeUniform,
    mse: result.mse,
    cosine: result.cosine,
  };

const resampled = z.object({
  statistic: z.enum(['mean', 'median', 'pearson', 'auc']),
  x: numbers,
  y: numbers.optional(),
  labels: numbers.optional(),
  level: z.number(),
  resamples: z.array(numbers),
});

function bootstrap({ statistic, x, y = [], labels = [], level, resamples }: z.infer<typeof resampled>): unknown {
  const valueOf = (indices: readonly number[]): number | null => {
    const take = (from: readonly number[]): number[] => indices.map((i) => from[i] as number);
    switch (statistic) {
      case 'mean':
        return take(x).reduce((sum, value) => sum + value, 0) / indices.length;
      case 'median':
        return median(take(x));
      case 'pearson':
        return pearson(take(x), take(y));
      case 'auc':
        return rocAuc(take(labels), take(x));
    }
  };
  const everything = x.map((_, i) => i);
  const theta = valueOf(everything) as number;
  const replicates = resamples.map((indices) => valueOf(indices) as number);
  const jackknife = everything.map((i) => valueOf(everything.filter((j) => j !== i)) as number);
  const bca = bcaInterval(theta, replicates, jackknife, level);
  return {
    theta,
    theta_boot: replicates,
    percentile: ends(percentileInterval(replicates, level)),
    ...bcaCorrections(theta, replicates, jackknife),
    alphas: bca?.alphas ?? null,
    bca: ends(bca),
  };
}

/** What the best matching is ahead of every other: each of those lacks one of its pairs. Null where there is no other. */
function gap(weight: Float64Array, rows: number, columns: number, best: Assignment): number | null {
  if (rows === 1 && columns === 1) return null;
  const others = best.pairs.map(([row, column]) => {
    const without = Float64Array.from(weight);
    without[row * columns + column] = -rows * columns;
    return assignment(without, rows, columns).total;
  });
  return best.total - Math.max(...others);
}

/** By the name of the table's file. */
export const STATISTICS_TABLES: Readonly<Record<string, StatisticsTable>> = {
  roc_auc: table(
    scored,
    ({ labels, scores }) => rocAuc(labels, scores),
    // Weight 2 everywhere is the same data twice.
    ({ labels, scores }) => rocAuc(labels, scores, new Array<number>(scores.length).fill(2)),
  ),
  average_precision: table(scored, ({ labels, scores }) => averagePrecision(labels, scores)),
  classification: table(z.object({ labels: numbers, predictions: numbers }), ({ labels, predictions }) => {
    const { balancedAccuracy, ...rest } = classification(labels, predictions);
    return { ...rest, balanced_accuracy: balancedAccuracy };
  }),
  correlation: table(z.object({ x: numbers, y: numbers }), ({ x, y }) => ({ pearson: pearson(x, y), spearman: spearman(x, y) })),
  quantile: table(z.object({ values: numbers, q: numbers }), ({ values, q }) => (values.length === 0 ? null : quantiles(values, q))),
  wilson: table(z.object({ k: z.number(), n: z.number(), level: z.number() }), ({ k, n, level }) => ends(wilson(k, n, level))),
  weighted_median: table(z.object({ values: numbers, weights: numbers }), ({ values, weights }) => weightedMedian(values, weights)),
  mann_whitney: table(z.object({ x: numbers, y: numbers }), ({ x, y }) => {
    const result = mannWhitney(x, y);
    return result && { u1: result.u1, u2: result.u2, auc: result.auc, p_asymptotic: result.pAsymptotic, p_exact: result.pExact };
  }),
  benjamini_hochberg: table(z.object({ p: numbers }), ({ p }, expected) => {
    const adjusted = Array.from(benjaminiHochberg(p));
    const levels = Object.keys(rejections.parse(expected).rejected);
    return { adjusted, rejected: Object.fromEntries(levels.map((q) => [q, adjusted.flatMap((value, i) => (value <= Number(q) ? [i] : []))])) };
  }),
  calibration: table(z.object({ labels: numbers, probabilities: numbers, n_bins: z.number().int() }), ({ labels, probabilities, n_bins }) => {
    const result = calibration(labels, probabilities, n_bins);
    return (
      result && {
        ...{ brier: result.brier, ece: result.ece, mce: result.mce },
        bins: result.bins.map(({ count, meanProbability, meanOutcome }) => ({ count, mean_p: meanProbability, mean_y: meanOutcome })),
      }
    );
  }),
  kl_softmax: table(z.object({ p_logits: matrix, q_logits: matrix }), ({ p_logits, q_logits }) =>
    p_logits.map((row, i) => klSoftmax(row, q_logits[i] as number[])),
  ),
  log_odds_dirichlet: table(
    z.object({ a: numbers, b: numbers, background: numbers.optional(), prior_mass: z.number().optional(), alpha: numbers.optional() }),
    ({ a, b, background = [], prior_mass = 0, alpha = priorFromBackground(background, prior_mass) }) => {
      const { delta, variance, z: scores } = logOddsDirichlet(a, b, alpha);
      const order = Array.from(scores, (_, i) => i).sort((i, j) => (scores[j] as number) - (scores[i] as number) || i - j);
      return { alpha, delta, variance, z: scores, order };
    },
  ),
  explained_variance: table(
    z.object({ x: matrix, xh: matrix }),
    ({ x, xh }) => explained(explainedVariance(x.flat(), xh.flat(), x[0]?.length ?? 0)),
    ({ x, xh }) => {
      const sums = new ReconstructionSums(x[0]?.length ?? 0);
      for (const [i, row] of x.entries()) sums.add(row, xh[i] as number[]);
      return explained(sums.result());
    },
  ),
  assignment: table(z.object({ a: matrix, b: matrix }), ({ a, b }, expected) => {
    const cosines = cosineMatrix(a.flat(), b.flat(), a[0]?.length ?? 0);
    const best = assignment(cosines, a.length, b.length);
    const similarity = a.map((_, i) => Array.from(cosines.subarray(i * b.length, (i + 1) * b.length)));
    // Of matchings that are equally good, any will do.
    const { pairs } = matching.parse(expected);
    const total = pairs.reduce((sum, [row, column]) => sum + (cosines[row * b.length + column] as number), 0);
    const asGood = pairs.length === best.pairs.length && Math.abs(total - best.total) < TIE;
    return { similarity, ...best, ...(asGood && { pairs }), gap: gap(cosines, a.length, b.length, best) };
  }),
  delong: table(scored.extend({ scores_b: numbers.optional() }), ({ labels, scores, scores_b }) => {
    const one = delong(labels, scores);
    const other = scores_b === undefined ? null : delong(labels, scores_b);
    const paired = scores_b === undefined ? null : delongPaired(labels, scores, scores_b);
    return (
      one && {
        ...{ auc: one.auc, variance: one.variance, se: one.se },
        ...{ ci95: one.se === null ? null : [one.auc - Z_95 * one.se, one.auc + Z_95 * one.se] },
        ...{ ci95_clipped: ends(one.interval), ci95_logit: ends(one.logitInterval) },
        ...(paired && {
          auc_b: other?.auc,
          variance_b: other?.variance,
          covariance: paired.covariance,
          difference: paired.difference,
          z: paired.z,
          p: paired.p,
        }),
      }
    );
  }),
  bootstrap: table(resampled, bootstrap),
};
