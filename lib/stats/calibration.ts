/** How well stated probabilities match what happened. */
export interface Calibration {
  /** Mean squared difference of probability and outcome. */
  brier: number;
  /** Expected calibration error: mean gap of the bins, by count. */
  ece: number;
  /** Largest gap of any bin. */
  mce: number;
  bins: { count: number; meanProbability: number | null; meanOutcome: number | null }[];
}

/**
 * Brier score and calibration error over equal-width bins; the bin of p is min(⌊p · bins⌋, bins − 1).
 *
 * @param labels truthy is a happening
 * @param probabilities in [0, 1]
 * @returns null for no items
 */
export function calibration(labels: ArrayLike<number | boolean>, probabilities: ArrayLike<number>, binCount = 10): Calibration | null {
  const n = labels.length;
  if (n === 0) return null;
  const counts = new Float64Array(binCount);
  const sumP = new Float64Array(binCount);
  const sumY = new Float64Array(binCount);
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const p = probabilities[i]!;
    const y = labels[i] ? 1 : 0;
    const bin = Math.min(Math.floor(p * binCount), binCount - 1);
    squares += (p - y) ** 2;
    counts[bin]!++;
    sumP[bin]! += p;
    sumY[bin]! += y;
  }
  let ece = 0;
  let mce = 0;
  const bins = Array.from(counts, (count, b) => {
    if (count === 0) return { count, meanProbability: null, meanOutcome: null };
    const gap = Math.abs(sumY[b]! - sumP[b]!) / count;
    ece += (count / n) * gap;
    mce = Math.max(mce, gap);
    return { count, meanProbability: sumP[b]! / count, meanOutcome: sumY[b]! / count };
  });
  return { brier: squares / n, ece, mce, bins };
}
