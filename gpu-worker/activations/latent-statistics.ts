import type { LatentActivations } from './store/types.ts';

export const HISTOGRAM_BINS = 40;

export interface LatentStatistics {
  /** Tokens on which it fired. */
  count: number;
  /** Part of the data set's tokens on which it fired; 0 for an empty data set. */
  frequency: number;
  /** 0 for a dead latent, like `mean`, which is over the firing tokens. */
  max: number;
  mean: number;
  /** Counts of its activations in 40 bins of equal width over [0, max]; all zero when dead. */
  histogram: number[];
}

/** Statistics over one latent's stored (positive) activations among `tokenCount` tokens. */
export function latentStatistics(activations: LatentActivations, tokenCount: number): LatentStatistics {
  const count = activations.value.length;
  let max = 0;
  let sum = 0;
  for (const value of activations.value) {
    if (value > max) max = value;
    sum += value;
  }
  const histogram = new Array<number>(HISTOGRAM_BINS).fill(0);
  for (const value of activations.value) {
    const bin = Math.min(HISTOGRAM_BINS - 1, Math.floor((value / max) * HISTOGRAM_BINS));
    histogram[bin] = (histogram[bin] as number) + 1;
  }
  return { count, frequency: tokenCount > 0 ? count / tokenCount : 0, max, mean: count > 0 ? sum / count : 0, histogram };
}
