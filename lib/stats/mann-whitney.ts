import { midRanks } from './mid-ranks.ts';
import { normalCdf } from './normal.ts';

export interface MannWhitney {
  /** Pairs with x > y, plus half the ties. */
  u1: number;
  u2: number;
  /** u1 / (n1 n2): the same number as the AUROC of x over y. */
  auc: number;
  /** Two-sided, normal approximation with tie and continuity correction; null when all values are equal. */
  pAsymptotic: number | null;
  /** Two-sided and exact; null with ties, or when both samples are larger than 8 or their product passes 5,000. */
  pExact: number | null;
}

const EXACT_SMALLER_SIDE = 8;
/** The recursion costs (n1 n2)² additions: 25 million, about 50 ms. */
const EXACT_LARGEST_PRODUCT = 5000;

/** Mann and Whitney's test of x against y, both without NaN; null when either is empty. */
export function mannWhitney(x: ArrayLike<number>, y: ArrayLike<number>): MannWhitney | null {
  const n1 = x.length;
  const n2 = y.length;
  if (n1 === 0 || n2 === 0) return null;
  const all = Float64Array.from([...Array.from(x), ...Array.from(y)]);
  const ranks = midRanks(all);
  let rankSum = 0;
  for (let i = 0; i < n1; i++) rankSum += ranks[i]!;
  const u1 = rankSum - (n1 * (n1 + 1)) / 2;
  const u2 = n1 * n2 - u1;
  const ties = tieTerm(all);
  const n = n1 + n2;
  const variance = ((n1 * n2) / 12) * (n + 1 - ties / (n * (n - 1)));
  const larger = Math.max(u1, u2);
  const exact = ties === 0 && Math.min(n1, n2) <= EXACT_SMALLER_SIDE && n1 * n2 <= EXACT_LARGEST_PRODUCT;
  return {
    u1,
    u2,
    auc: u1 / (n1 * n2),
    pAsymptotic: all.every((v) => v === all[0]) ? null : Math.min(1, 2 * normalCdf(-(larger - (n1 * n2) / 2 - 0.5) / Math.sqrt(variance))),
    pExact: exact ? Math.min(1, 2 * upperTail(n1, n2, larger)) : null,
  };
}

/** Σ t³ − t over groups of t equal values. */
function tieTerm(values: Float64Array): number {
  const sorted = values.slice().sort();
  let sum = 0;
  for (let start = 0; start < sorted.length;) {
    let end = start + 1;
    while (end < sorted.length && sorted[end] === sorted[start]) end++;
    const t = end - start;
    sum += t ** 3 - t;
    start = end;
  }
  return sum;
}

/**
 * P(U ≥ u) under the null, by conditioning on which sample the largest value comes from:
 * P(n1, n2, u) = n1/(n1+n2) P(n1−1, n2, u−n2) + n2/(n1+n2) P(n1, n2−1, u). Only positive terms, so nothing cancels.
 */
function upperTail(n1: number, n2: number, u: number): number {
  let previous: Float64Array[] = [];
  for (let i = 0; i <= n1; i++) {
    const current: Float64Array[] = [];
    for (let j = 0; j <= n2; j++) {
      const p = new Float64Array(i * j + 1);
      if (i === 0 || j === 0) p[0] = 1;
      else {
        const fromX = previous[j]!;
        const fromY = current[j - 1]!;
        for (let k = 0; k < fromX.length; k++) p[k + j]! += (i / (i + j)) * fromX[k]!;
        for (let k = 0; k < fromY.length; k++) p[k]! += (j / (i + j)) * fromY[k]!;
      }
      current.push(p);
    }
    previous = current;
  }
  const p = previous[n2]!;
  let tail = 0;
  for (let k = p.length - 1; k >= u; k--) tail += p[k]!;
  return tail;
}
