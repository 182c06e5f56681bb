import type { Rng } from '#lib/random/rng.ts';

export interface SamplingOptions {
  /** 0 picks the most likely token; larger values flatten the distribution. */
  temperature: number;
  /** The smallest set of tokens whose probabilities reach this is drawn from, 0 < topP ≤ 1. */
  topP: number;
}

/**
 * Draws a token from logits [vocabulary]; the lowest index wins ties of the greedy choice. Nucleus sampling after
 * Holtzman et al. (arXiv 1904.09751).
 */
export function sampleToken(logits: Float32Array, { temperature, topP }: SamplingOptions, rng: Rng): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  if (temperature === 0) return best;
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - logits[best]!) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (topP >= 1) return draw([...weights.keys()], weights, rng.next() * total);
  const order = Uint32Array.from(weights.keys()).sort((a, b) => weights[b]! - weights[a]!);
  let mass = 0;
  let kept = 0;
  while (kept < order.length && mass < topP * total) mass += weights[order[kept++]!]!;
  return draw([...order.subarray(0, kept)], weights, rng.next() * mass);
}

function draw(tokens: readonly number[], weights: Float64Array, point: number): number {
  let sum = 0;
  for (const token of tokens) {
    sum += weights[token]!;
    if (point < sum) return token;
  }
  return tokens[tokens.length - 1]!;
}

/** Logarithm of the probability of one token under logits [vocabulary], in nats. */
export function logProbability(logits: Float32Array, token: number): number {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  return logits[token]! - largest - Math.log(sum);
}
