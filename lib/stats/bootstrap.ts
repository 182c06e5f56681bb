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

/** The two corrections of the interval; each null where it does not exist. */
export interface BcaCorrections {
  /** Null when the estimate lies outside every replicate. */
  z0: number | null;
  /** Null when the jackknife values are all equal. */
  acceleration: number | null;
}

/**
 * Bias correction and acceleration of Efron's (1987) interval.
 *
 * @param estimate of the whole sample
 * @param replicates of the resamples
 * @param jackknife estimates that leave out one unit each: one item, or one cluster when clusters were resampled
 */
export function bcaCorrections(estimate: number, replicates: ArrayLike<number>, jackknife: ArrayLike<number>): BcaCorrections {
  let below = 0;
  for (let i = 0; i < replicates.length; i++) below += replicates[i]! < estimate ? 1 : replicates[i] === estimate ? 0.5 : 0;
  const z0 = normalQuantile(below / replicates.length);
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
  return { z0: Number.isFinite(z0) ? z0 : null, acceleration: equal ? null : cubes / (6 * squares ** 1.5) };
}

/**
 * Efron's (1987) bias-corrected and accelerated interval; parameters as for `bcaCorrections`. Null when a correction does
 * not exist: take the percentile interval.
 */
export function bcaInterval(estimate: number, replicates: ArrayLike<number>, jackknife: ArrayLike<number>, level = 0.95): Bca | null {
  const { z0, acceleration } = bcaCorrections(estimate, replicates, jackknife);
  if (z0 === null || acceleration === null) return null;
  const alphaAt = (p: number): number => {
    const shifted = z0 + normalQuantile(p);
    return normalCdf(z0 + shifted / (1 - acceleration * shifted));
  };
  const alphas: [number, number] = [alphaAt((1 - level) / 2), alphaAt((1 + level) / 2)];
  const interval = intervalAt(Float64Array.from(replicates).sort(), alphas[0], alphas[1]);
  return interval === null ? null : { ...interval, z0, acceleration, alphas };
}

function intervalAt(sorted: Float64Array, lower: number, upper: number): Interval | null {
  const low = quantileSorted(sorted, lower);
  const high = quantileSorted(sorted, upper);
  return low === null || high === null ? null : { low, high };
}
