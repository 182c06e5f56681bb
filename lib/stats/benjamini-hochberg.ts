import { ascendingOrder } from './mid-ranks.ts';

/**
 * Benjamini and Hochberg's (1995) adjusted p-values, in input order: p₍ᵢ₎ · n / i, the running minimum from the largest
 * down, cut at 1. Rejecting those ≤ q keeps the expected share of false discoveries at most q.
 */
export function benjaminiHochberg(p: ArrayLike<number>): Float64Array {
  const n = p.length;
  const adjusted = new Float64Array(n);
  const order = ascendingOrder(p);
  let smallest = 1;
  for (let i = n; i >= 1; i--) {
    const item = order[i - 1]!;
    smallest = Math.min(smallest, (p[item]! * n) / i);
    adjusted[item] = smallest;
  }
  return adjusted;
}
