import { ascendingOrder } from './mid-ranks.ts';

/**
 * Median of values that count `weights` times each: the value where the cumulative weight passes half the total; where
 * it meets half exactly, the mean of that value and the next. With whole weights it is the median of the values
 * repeated. Values of weight 0 do not exist.
 *
 * @param weights ≥ 0
 * @returns `lower` is the first value that reaches half, never a mean; null when nothing has weight
 */
export function weightedMedian(values: ArrayLike<number>, weights: ArrayLike<number>): { lower: number; median: number } | null {
  const order = [...ascendingOrder(values)].filter((i) => weights[i]! > 0);
  const total = order.reduce((sum, i) => sum + weights[i]!, 0);
  let reached = 0;
  for (let k = 0; k < order.length; k++) {
    reached += weights[order[k]!]!;
    if (reached < total / 2) continue;
    const lower = values[order[k]!]!;
    const tie = reached === total / 2 && k + 1 < order.length;
    return { lower, median: tie ? (lower + values[order[k + 1]!]!) / 2 : lower };
  }
  return null;
}
