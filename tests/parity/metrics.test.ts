import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { assignment } from '#lib/stats/assignment.ts';
import { averagePrecision } from '#lib/stats/average-precision.ts';
import { benjaminiHochberg } from '#lib/stats/benjamini-hochberg.ts';
import { bcaInterval, percentileInterval } from '#lib/stats/bootstrap.ts';
import { calibration } from '#lib/stats/calibration.ts';
import { classification } from '#lib/stats/classification.ts';
import { cosineMatrix } from '#lib/stats/cosine-matrix.ts';
import { delong, delongPaired } from '#lib/stats/delong.ts';
import { explainedVariance } from '#lib/stats/explained-variance.ts';
import { klSoftmax } from '#lib/stats/kl-softmax.ts';
import { logOddsDirichlet, priorFromBackground } from '#lib/stats/log-odds.ts';
import { mannWhitney } from '#lib/stats/mann-whitney.ts';
import { pearson } from '#lib/stats/pearson.ts';
import { median, quantiles } from '#lib/stats/quantile.ts';
import { ReconstructionSums } from '#lib/stats/reconstruction-sums.ts';
import { rocAuc } from '#lib/stats/roc-auc.ts';
import { spearman } from '#lib/stats/spearman.ts';
import { weightedMedian } from '#lib/stats/weighted-median.ts';
import { wilson } from '#lib/stats/wilson.ts';

/** Tables written by scikit-learn, SciPy and NumPy (tests/golden/metrics/README.md); each test takes its table's own tolerance. */
const numbers = z.array(z.number());
const maybe = z.number().nullable();
const pair = z.tuple([z.number(), z.number()]);

function table<I, E>(name: string, input: z.ZodType<I>, expected: z.ZodType<E>): { name: string; input: I; expected: E }[] {
  const file = JSON.parse(readFileSync(new URL(`../golden/metrics/${name}.json`, import.meta.url), 'utf8')) as unknown;
  return z.object({ cases: z.array(z.object({ name: z.string(), input, expected })).min(1) }).parse(file).cases;
}

/** Within an absolute or a relative tolerance of the expected number; null only for null. */
function near(actual: number | null | undefined, expected: number | null, absolute = 1e-12, relative = 1e-13): void {
  if (expected === null || actual == null) {
    expect(actual ?? null).toBe(expected);
    return;
  }
  const slack = Math.max(absolute, relative * Math.abs(expected));
  expect(Math.abs(actual - expected), `${actual} against ${expected}`).toBeLessThanOrEqual(slack);
}

function nearAll(actual: ArrayLike<number | null> | null | undefined, expected: readonly (number | null)[], absolute?: number, relative?: number): void {
  expect(actual?.length).toBe(expected.length);
  expected.forEach((value, i) => near(actual?.[i], value, absolute, relative));
}

const scored = z.object({ labels: numbers, scores: numbers });

describe('agrees with scikit-learn, SciPy and NumPy', () => {
  it.each(table('roc_auc', scored, maybe))('roc_auc: $name', ({ input, expected }) => {
    near(rocAuc(input.labels, input.scores), expected);
    // Weight 2 everywhere is the same data twice.
    near(
      rocAuc(
        input.labels,
        input.scores,
        input.scores.map(() => 2),
      ),
      expected,
    );
  });

  it.each(table('average_precision', scored, z.number()))('average_precision: $name', ({ input, expected }) => {
    near(averagePrecision(input.labels, input.scores), expected);
  });

  const rates = z.object({
    tp: z.number(),
    fp: z.number(),
    tn: z.number(),
    fn: z.number(),
    accuracy: z.number(),
    balanced_accuracy: z.number(),
    precision: z.number(),
    recall: z.number(),
    specificity: z.number(),
    f1: z.number(),
    mcc: z.number(),
  });
  it.each(table('classification', z.object({ labels: numbers, predictions: numbers }), rates))('classification: $name', ({ input, expected }) => {
    const { balanced_accuracy: expectedBalanced, ...rest } = expected;
    const { balancedAccuracy, ...actual } = classification(input.labels, input.predictions);
    near(balancedAccuracy, expectedBalanced);
    expect(Object.keys(actual).sort()).toEqual(Object.keys(rest).sort());
    nearAll(
      Object.keys(rest).map((key) => actual[key as keyof typeof actual]),
      Object.values(rest),
    );
  });

  const correlations = z.object({ pearson: maybe, spearman: maybe });
  it.each(table('correlation', z.object({ x: numbers, y: numbers }), correlations))('correlation: $name', ({ name, input, expected }) => {
    const tolerance = name.includes('offset') ? 1e-9 : 1e-12;
    near(pearson(input.x, input.y), expected.pearson, tolerance);
    near(spearman(input.x, input.y), expected.spearman, tolerance);
  });

  it.each(table('quantile', z.object({ values: numbers, q: numbers }), z.union([z.array(maybe), z.null()])))('quantile: $name', ({ input, expected }) => {
    nearAll(quantiles(input.values, input.q), expected ?? input.q.map(() => null), 0, 1e-12);
  });

  it.each(table('wilson', z.object({ k: z.number(), n: z.number(), level: z.number() }), pair.nullable()))('wilson: $name', ({ input, expected }) => {
    const interval = wilson(input.k, input.n, input.level);
    if (expected === null) expect(interval).toBeNull();
    else nearAll([interval?.low ?? null, interval?.high ?? null], expected);
  });

  it.each(table('weighted_median', z.object({ values: numbers, weights: numbers }), z.object({ lower: maybe, median: maybe }).nullable()))(
    'weighted_median: $name',
    ({ input, expected }) => {
      const actual = weightedMedian(input.values, input.weights);
      near(actual?.lower, expected?.lower ?? null);
      near(actual?.median, expected?.median ?? null);
    },
  );

  const u = z.object({ u1: z.number(), u2: z.number(), auc: z.number(), p_asymptotic: maybe, p_exact: maybe.optional() });
  it.each(table('mann_whitney', z.object({ x: numbers, y: numbers }), u))('mann_whitney: $name', ({ input, expected }) => {
    const actual = mannWhitney(input.x, input.y);
    nearAll(
      [actual?.u1 ?? null, actual?.u2 ?? null, actual?.auc ?? null, actual?.pAsymptotic ?? null],
      [expected.u1, expected.u2, expected.auc, expected.p_asymptotic],
    );
    near(actual?.pExact, expected.p_exact ?? null);
  });

  const adjusted = z.object({ adjusted: numbers, rejected: z.record(z.string(), numbers) });
  it.each(table('benjamini_hochberg', z.object({ p: numbers }), adjusted))('benjamini_hochberg: $name', ({ input, expected }) => {
    const actual = benjaminiHochberg(input.p);
    nearAll(actual, expected.adjusted);
    for (const [q, items] of Object.entries(expected.rejected)) {
      expect(input.p.flatMap((_, i) => (actual[i]! <= Number(q) ? [i] : []))).toEqual(items);
    }
  });

  const bin = z.object({ count: z.number(), mean_p: maybe, mean_y: maybe });
  const calibrated = z.object({ brier: z.number(), ece: z.number(), mce: z.number(), bins: z.array(bin) });
  it.each(table('calibration', z.object({ labels: numbers, probabilities: numbers, n_bins: z.number() }), calibrated))(
    'calibration: $name',
    ({ input, expected }) => {
      const actual = calibration(input.labels, input.probabilities, input.n_bins);
      nearAll([actual?.brier ?? null, actual?.ece ?? null, actual?.mce ?? null], [expected.brier, expected.ece, expected.mce]);
      nearAll(
        actual?.bins.flatMap((b) => [b.count, b.meanProbability, b.meanOutcome]),
        expected.bins.flatMap((b) => [b.count, b.mean_p, b.mean_y]),
      );
    },
  );

  it.each(table('kl_softmax', z.object({ p_logits: z.array(numbers), q_logits: z.array(numbers) }), numbers))('kl_softmax: $name', ({ input, expected }) => {
    nearAll(
      input.p_logits.map((row, i) => klSoftmax(row, input.q_logits[i]!)),
      expected,
      1e-12,
      1e-9,
    );
  });

  const oddsInput = z.object({ a: numbers, b: numbers, background: numbers.optional(), prior_mass: z.number().optional(), alpha: numbers.optional() });
  const odds = z.object({ alpha: numbers, delta: numbers, variance: numbers, z: numbers, order: numbers });
  it.each(table('log_odds_dirichlet', oddsInput, odds))('log_odds_dirichlet: $name', ({ input, expected }) => {
    const alpha = input.alpha ?? priorFromBackground(input.background!, input.prior_mass!);
    nearAll(alpha, expected.alpha, 1e-10);
    const actual = logOddsDirichlet(input.a, input.b, alpha);
    for (const key of ['delta', 'variance', 'z'] as const) nearAll(actual[key], expected[key], 1e-10);
  });

  const variance = z.object({
    fvu: maybe,
    variance_explained: maybe,
    explained_variance_weighted: maybe,
    explained_variance_uniform: maybe,
    mse: z.number(),
    cosine: z.number(),
  });
  it.each(table('explained_variance', z.object({ x: z.array(numbers), xh: z.array(numbers) }), variance))(
    'explained_variance: $name',
    ({ input, expected }) => {
      const whole = explainedVariance(input.x.flat(), input.xh.flat(), input.x[0]!.length);
      const byRow = new ReconstructionSums(input.x[0]!.length);
      input.x.forEach((row, i) => byRow.add(row, input.xh[i]!));
      for (const actual of [whole, byRow.result()!]) {
        nearAll(
          [actual.fvu, actual.varianceExplained, actual.biasFreeWeighted, actual.biasFreeUniform, actual.mse, actual.cosine],
          [expected.fvu, expected.variance_explained, expected.explained_variance_weighted, expected.explained_variance_uniform, expected.mse, expected.cosine],
          1e-10,
        );
      }
    },
  );

  const matching = z.object({ similarity: z.array(numbers), pairs: z.array(pair), total: z.number(), mean: z.number() });
  it.each(table('assignment', z.object({ a: z.array(numbers), b: z.array(numbers) }), matching))('assignment: $name', ({ input, expected }) => {
    const similarity = cosineMatrix(input.a.flat(), input.b.flat(), input.a[0]!.length);
    nearAll(similarity, expected.similarity.flat());
    const actual = assignment(similarity, input.a.length, input.b.length);
    expect(actual.pairs).toEqual(expected.pairs);
    nearAll([actual.total, actual.mean], [expected.total, expected.mean]);
  });

  const single = z.object({ auc: z.number(), variance: maybe, se: maybe, ci95_clipped: pair.nullable(), ci95_logit: pair.nullable() });
  const paired = z.object({ auc: z.number(), auc_b: z.number(), variance: z.number(), covariance: z.number(), z: maybe, p: maybe });
  it.each(table('delong', scored.extend({ scores_b: numbers.optional() }), z.union([paired, single])))('delong: $name', ({ input, expected }) => {
    const actual = delong(input.labels, input.scores);
    nearAll([actual?.auc ?? null, actual?.variance ?? null], [expected.auc, expected.variance]);
    if ('auc_b' in expected) {
      const difference = delongPaired(input.labels, input.scores, input.scores_b!);
      nearAll(
        [difference?.difference ?? null, difference?.covariance ?? null, difference?.z ?? null, difference?.p ?? null],
        [expected.auc - expected.auc_b, expected.covariance, expected.z, expected.p],
      );
      return;
    }
    near(actual?.se, expected.se);
    const bounds = [actual?.interval, actual?.logitInterval].map((i) => (i ? [i.low, i.high] : null));
    [expected.ci95_clipped, expected.ci95_logit].forEach((want, i) => (want === null ? expect(bounds[i]).toBeNull() : nearAll(bounds[i], want)));
  });

  const resampled = z.object({
    statistic: z.enum(['mean', 'median', 'pearson', 'auc']),
    x: numbers,
    y: numbers.optional(),
    labels: numbers.optional(),
    level: z.number(),
    resamples: z.array(numbers),
  });
  const intervals = z.object({
    theta: z.number(),
    theta_boot: numbers,
    percentile: pair,
    z0: maybe,
    acceleration: maybe,
    alphas: pair.nullable(),
    bca: pair.nullable(),
  });
  it.each(table('bootstrap', resampled, intervals))('bootstrap: $name', ({ input, expected }) => {
    const statistic = (indices: readonly number[]): number => {
      const take = (from: readonly number[]): number[] => indices.map((i) => from[i]!);
      if (input.statistic === 'mean') return take(input.x).reduce((sum, v) => sum + v, 0) / indices.length;
      if (input.statistic === 'median') return median(take(input.x))!;
      if (input.statistic === 'pearson') return pearson(take(input.x), take(input.y!))!;
      return rocAuc(take(input.labels!), take(input.x))!;
    };
    const everything = input.x.map((_, i) => i);
    const theta = statistic(everything);
    const replicates = input.resamples.map(statistic);
    near(theta, expected.theta, 1e-10);
    nearAll(replicates, expected.theta_boot, 1e-10);
    const percentile = percentileInterval(replicates, input.level);
    nearAll([percentile?.low ?? null, percentile?.high ?? null], expected.percentile, 1e-10);
    const bca = bcaInterval(
      theta,
      replicates,
      everything.map((i) => statistic(everything.filter((j) => j !== i))),
      input.level,
    );
    if (expected.bca === null) expect(bca).toBeNull();
    else
      nearAll(
        bca && [bca.z0, bca.acceleration, ...bca.alphas, bca.low, bca.high],
        [expected.z0, expected.acceleration, ...expected.alphas!, ...expected.bca],
        1e-10,
      );
  });
});
