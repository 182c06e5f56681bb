import type { Interval } from './interval.ts';
import { normalQuantile } from './normal.ts';

/**
 * Distribution-free interval of a median: the order statistics at ranks n/2 ± z √n / 2 (the normal approximation of the
 * sign test's binomial; Conover, *Practical Nonparametric Statistics*, §3.2), widened outwards to whole ranks.
 * The estimand is the median of the population the values are independent draws of. Under 6 values no pair of ranks
 * reaches 95 % and the whole range is given.
 *
 * @param values in any order, without NaN; copied, not changed
 * @returns null for no values. `medianInterval([1, 2, …, 100])` is { low: 40, high: 61 }.
 */
export function medianInterval(values: ArrayLike<number>, level = 0.95): Interval | null {
  const n = values.length;
  if (n === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const half = (normalQuantile((1 + level) / 2) * Math.sqrt(n)) / 2;
  const low = Math.max(1, Math.floor(n / 2 - half));
  const high = Math.min(n, Math.ceil(n / 2 + half) + 1);
  return { low: sorted[low - 1] as number, high: sorted[high - 1] as number };
}
