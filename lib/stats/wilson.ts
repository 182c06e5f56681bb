import type { Interval } from './interval.ts';
import { normalQuantile } from './normal.ts';

/**
 * Wilson's score interval for a proportion, without continuity correction:
 * (p + z²/2n ∓ z √(p(1−p)/n + z²/4n²)) / (1 + z²/n). Never collapses: 0 of 10 at 95 % is [0, 0.278].
 *
 * @param successes in [0, n]; need not be whole (an effective count from clustered data is not)
 * @param n trials, > 0
 * @param level coverage asked for, in (0, 1)
 * @returns null for n = 0
 */
export function wilson(successes: number, n: number, level = 0.95): Interval | null {
  return n > 0 ? wilsonAt(successes, n, normalQuantile(1 - (1 - level) / 2)) : null;
}

/** The same for a multiplier z of one's own, such as Student's where n is an estimate from few clusters; n > 0. */
export function wilsonAt(successes: number, n: number, z: number): Interval {
  const p = successes / n;
  const centre = p + (z * z) / (2 * n);
  const spread = z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  const scale = 1 + (z * z) / n;
  // At p = 0 and 1 the bound is exact; rounding would leave 1e-17 of it.
  return { low: p <= 0 ? 0 : (centre - spread) / scale, high: p >= 1 ? 1 : (centre + spread) / scale };
}
