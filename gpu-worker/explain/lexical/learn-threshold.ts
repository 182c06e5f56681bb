import type { Background } from './background.ts';
import type { Evidence } from './evidence.ts';

interface WeightedTokens {
  weight: number;
  trainTokens: Int32Array;
  sampleTokens: Int32Array;
}

/**
 * The cut with the best balanced accuracy between the latent's train windows and windows of the corpus, halfway between
 * two scores so that neither side is grazed. Without one better than chance the cut lies above every window.
 */
export function learnThreshold(evidence: Evidence, background: Background, features: readonly WeightedTokens[], bias: number): number {
  const { sample } = background;
  const train = new Float64Array(evidence.activations.length).fill(bias);
  const corpus = new Float64Array(sample.tokens).fill(bias);
  for (const { weight, trainTokens, sampleTokens } of features) {
    for (const token of trainTokens) train[token]! += weight;
    for (const token of sampleTokens) corpus[token]! += weight;
  }
  const firing = windowMaxima(train, evidence.starts);
  const silent = windowMaxima(corpus, sample.windowStarts);
  const levels = Float64Array.from(new Set([...firing, ...silent])).sort();
  let threshold = (levels.at(-1) ?? bias) + 1;
  let best = 0;
  // From the top down the shares above the cut grow one level at a time.
  let [i, j] = [firing.length, silent.length];
  for (let k = levels.length - 1; k > 0; k--) {
    while (i > 0 && firing[i - 1]! >= levels[k]!) i--;
    while (j > 0 && silent[j - 1]! >= levels[k]!) j--;
    const gain = (firing.length - i) / Math.max(1, firing.length) - (silent.length - j) / Math.max(1, silent.length);
    if (gain <= best) continue;
    best = gain;
    threshold = (levels[k]! + levels[k - 1]!) / 2;
  }
  return threshold;
}

/** Highest score of each window, ascending. */
function windowMaxima(scores: Float64Array, starts: Int32Array): Float64Array {
  const maxima = new Float64Array(starts.length - 1).fill(-Infinity);
  for (let w = 0; w < maxima.length; w++) {
    for (let token = starts[w]!; token < starts[w + 1]!; token++) if (scores[token]! > maxima[w]!) maxima[w] = scores[token]!;
  }
  return maxima.filter((value) => value > -Infinity).sort();
}
