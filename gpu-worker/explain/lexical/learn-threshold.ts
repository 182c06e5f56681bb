import type { Background } from './background.ts';
import type { Evidence } from './evidence.ts';

interface WeightedTokens {
  weight: number;
  trainTokens: Int32Array;
  sampleTokens: Int32Array;
}

/** The cut of windows that fire from windows of the corpus with the best balanced accuracy on what the rule was learnt from. */
export function learnThreshold(evidence: Evidence, background: Background, features: readonly WeightedTokens[]): { bias: number; threshold: number } {
  const { sample } = background;
  const train = new Float64Array(evidence.activations.length);
  const corpus = new Float64Array(sample.tokens);
  for (const feature of features) {
    for (const token of feature.trainTokens) train[token]! += feature.weight;
    for (const token of feature.sampleTokens) corpus[token]! += feature.weight;
  }
  const firing = windowMaxima(train, evidence.starts);
  const silent = windowMaxima(corpus, sample.windowStarts);
  const cuts = [...new Set([...firing, ...silent])].sort((a, b) => a - b);
  let threshold = Number.EPSILON;
  let best = -1;
  for (let i = 0; i < cuts.length; i++) {
    const cut = i === 0 ? cuts[0]! / 2 : (cuts[i]! + cuts[i - 1]!) / 2;
    const score = share(firing, cut) - share(silent, cut);
    if (score > best) {
      best = score;
      threshold = cut;
    }
  }
  return { bias: 0, threshold };
}

function windowMaxima(scores: Float64Array, starts: Int32Array): number[] {
  return Array.from({ length: starts.length - 1 }, (_, w) => {
    let max = 0;
    for (let token = starts[w]!; token < starts[w + 1]!; token++) max = Math.max(max, scores[token]!);
    return max;
  });
}

function share(values: readonly number[], cut: number): number {
  return values.length === 0 ? 0 : values.filter((v) => v >= cut).length / values.length;
}
