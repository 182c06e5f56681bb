import { AppError } from '#lib/errors/app-error.ts';
import type { Rng } from '#lib/random/rng.ts';
import { percentileInterval } from './bootstrap.ts';
import { correlationOf, deviation, documentMoments, drawMoments, type Moments } from './document-moments.ts';
import type { Interval } from './interval.ts';
import { pearson } from './pearson.ts';
import { studentTMultiplier } from './student-t.ts';

/** Two series over items that were cut from documents. */
export interface ClusteredSeries {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  /** Any ids; items of one id were cut from one document. */
  documents: ArrayLike<number>;
  /** Documents are drawn apart for each value of this, such as firing and silent windows: how many there are is by design. */
  strata: ArrayLike<number | boolean>;
}

export interface ClusteredCorrelation {
  /** Pearson's r over all items. */
  estimate: number;
  /** Null where a stratum has one document: nothing shows how documents differ. */
  interval: Interval | null;
}

/** x², y², xy. */
const PRODUCTS = [[0, 0], [1, 1], [0, 1]] as const; // prettier-ignore
/** Below 1 by this, r has an inverse hyperbolic tangent; a document more or less moves no r that close. */
const NEARLY_ONE = 1 - 1e-12;

/**
 * Pearson's r with a confidence interval from resampling documents within each stratum.
 *
 * **Estimand.** The correlation over all items of documents like these, mixed in the strata's proportions as they stand.
 *
 * **Interval.** The percentile interval of 1,000 resamples alone is too narrow with few documents, so it is joined with a
 * t-interval on Fisher's scale, atanh r ± t · s · √(D/(D−1)), s the resamples' deviation there and D the documents of the
 * stratum with fewest. The union covered 92–96 % at a nominal 95 % in simulation (8, 20 and 40 documents a stratum, each
 * of 5 windows of 16 items; r .10, .44 and .80; documents differing in gain, in level and in how often the true series
 * is not 0). A perfect correlation gives [1, 1].
 *
 * @returns null when a series is constant, or there are fewer than two items
 * @throws bad_request for arrays of different lengths
 */
export function clusterCorrelation(series: ClusteredSeries, rng: Rng, options: { resamples?: number; level?: number } = {}): ClusteredCorrelation | null {
  const { resamples = 1000, level = 0.95 } = options;
  const { x, y, documents, strata } = series;
  if (documents.length !== x.length || strata.length !== x.length)
    throw new AppError('bad_request', `Give one document and one stratum for each item: there are ${x.length} items and ${documents.length} documents.`);
  const estimate = pearson(x, y);
  if (estimate === null) return null;
  const groups = documentMoments({ columns: [x, y], products: PRODUCTS, documents, strata });
  const fewest = Math.min(...groups.map((group) => group.length));
  if (fewest < 2) return { estimate, interval: null };
  const replicates = Float64Array.from({ length: resamples }, () => resampled(groups, rng)).filter((r) => !Number.isNaN(r));
  const percentile = percentileInterval(replicates, level);
  if (percentile === null) return { estimate, interval: null };
  const half = studentTMultiplier(level, fewest - 1) * deviation(Array.from(replicates, fisher)) * Math.sqrt(fewest / (fewest - 1));
  const low = Math.min(percentile.low, Math.tanh(fisher(estimate) - half));
  const high = Math.max(percentile.high, Math.tanh(fisher(estimate) + half));
  return { estimate, interval: half > 0 ? { low, high } : percentile };
}

const fisher = (r: number): number => Math.atanh(Math.max(-NEARLY_ONE, Math.min(NEARLY_ONE, r)));

/** r over resampled documents; NaN where a series came out constant. */
function resampled(groups: readonly (readonly Moments[])[], rng: Rng): number {
  return correlationOf(...(drawMoments(groups, rng) as unknown as Parameters<typeof correlationOf>));
}
