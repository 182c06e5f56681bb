import type { Interval } from './interval.ts';
import { normalCdf, normalQuantile } from './normal.ts';
import { quantileSorted } from './quantile.ts';

/** Efron's percentile interval: the central `level` of the replicates, quantiles by linear interpolation. Null for none. */
export function percentileInterval(replicates: ArrayLike<number>, level = 0.95): Interval | null {
  return intervalAt(Float64Array.from(replicates).sort(), (1 - level) / 2, (1 + level) / 2);
}

/** A BCa interval with the numbers that made it. */
export interface Bca extends Interval {
  /** Bias correction. */
  z0: number;
  acceleration: number;
  /** The shares of the replicates at which the bounds were read. */
  alphas: [number, number];
}

/**
 * Efron's (1987) bias-corrected and accelerated interval.
 *
 * @param estimate of the whole sample
 * @param replicates of the resamples
 * @param jackknife estimates that leave out one unit each: one item, or one cluster when clusters were resampled
 * @returns null when the jackknife values are all equal or the estimate lies outside every replicate: there is nothing
 *   to correct with, take the percentile interval
 */
export function bcaInterval(estimate: number, replicates: ArrayLike<number>, jackknife: ArrayLike<number>, level = 0.95): Bca | null {
  const sorted = Float64Array.from(replicates).sort();
  let below = 0;
  for (const value of sorted) below += value < estimate ? 1 : value === estimate ? 0.5 : 0;
  const z0 = normalQuantile(below / sorted.length);
  let mean = 0;
  for (let i = 0; i < jackknife.length; i++) mean += jackknife[i]! / jackknife.length;
  let squares = 0;
  let cubes = 0;
  for (let i = 0; i < jackknife.length; i++) {
    const d = mean - jackknife[i]!;
    squares += d * d;
    cubes += d * d * d;
  }
  // Asked of the values: the mean of equal floats may be off in the last bit and leave squares of 1e-33.
  let equal = true;
  for (let i = 1; i < jackknife.length; i++) equal &&= jackknife[i] === jackknife[0];
  if (equal || !Number.isFinite(z0)) return null;
  const acceleration = cubes / (6 * squares ** 1.5);
  const alphaAt = (p: number): number => {
    const shifted = z0 + normalQuantile(p);
    return normalCdf(z0 + shifted / (1 - acceleration * shifted));
  };
  const alphas: [number, number] = [alphaAt((1 - level) / 2), alphaAt((1 + level) / 2)];
  const interval = intervalAt(sorted, alphas[0], alphas[1]);
  return interval === null ? null : { ...interval, z0, acceleration, alphas };
}

function intervalAt(sorted: Float64Array, lower: number, upper: number): Interval | null {
  const low = quantileSorted(sorted, lower);
  const high = quantileSorted(sorted, upper);
  return low === null || high === null ? null : { low, high };
}
