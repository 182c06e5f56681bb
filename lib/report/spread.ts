import { rngFor } from '#lib/random/rng.ts';
import { percentileInterval } from '#lib/stats/bootstrap.ts';
import { medianInterval } from '#lib/stats/median-interval.ts';
import { medianIqr } from '#lib/stats/quantile.ts';
import type { Estimate, Spread } from './schema.ts';

/** Enough that the ends of a percentile interval move by less than a twentieth of its width. */
const RESAMPLES = 1000;

/**
 * A statistic of items with its 95 % percentile interval from resampling them. The estimand is the statistic over the
 * population that the items, latents here, are independent draws of; the documents of their exams are taken as given.
 *
 * @param items any number; without bounds under two
 * @param statistic of a resample, given as indices; null where it is not defined: such resamples are left out
 * @param key what the draws are seeded by
 * @returns null where the statistic of all items is not defined
 */
export function resampled(
  items: number,
  statistic: (indices: Uint32Array) => number | null,
  key: readonly (string | number)[],
  resamples = RESAMPLES,
): Estimate | null {
  const indices = Uint32Array.from({ length: items }, (_, i) => i);
  const value = items === 0 ? null : statistic(indices);
  if (value === null) return null;
  if (items < 2) return { value, lower: null, upper: null };
  const rng = rngFor('report', ...key);
  const replicates: number[] = [];
  for (let b = 0; b < resamples; b++) {
    for (let i = 0; i < items; i++) indices[i] = rng.int(items);
    const replicate = statistic(indices);
    if (replicate !== null) replicates.push(replicate);
  }
  const interval = percentileInterval(replicates);
  return { value, lower: interval?.low ?? null, upper: interval?.high ?? null };
}

/** Mean of the values that indices name. */
export function meanOf(values: ArrayLike<number>): (indices: Uint32Array) => number {
  return (indices) => {
    let sum = 0;
    for (let i = 0; i < indices.length; i++) sum += values[indices[i]!]!;
    return sum / indices.length;
  };
}

/** How values spread over latents; null for none. */
export function spreadOf(values: readonly number[], key: readonly (string | number)[]): Spread | null {
  const middle = medianIqr(values);
  const interval = medianInterval(values);
  const mean = resampled(values.length, meanOf(values), [...key, 'mean']);
  if (middle === null || interval === null || mean === null) return null;
  return { n: values.length, median: { value: middle.median, lower: interval.low, upper: interval.high }, q1: middle.q1, q3: middle.q3, mean };
}
