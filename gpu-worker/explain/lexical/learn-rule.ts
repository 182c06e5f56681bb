import type { LexicalRule } from '#lib/explanation/lexical-rule.ts';
import { countOf, type Background } from './background.ts';
import type { Evidence } from './evidence.ts';
import { learnThreshold } from './learn-threshold.ts';

/** Features tried. More never won a round on the demo coder's latents. */
const CANDIDATES = 64;
const ROUNDS = 16;
/** A feature seen in one firing window only is a coincidence as often as not. */
const MIN_WINDOWS = 2;
/** Imagined observations on each side, in firing tokens: keeps the weight of a feature that never misfired finite. */
const SMOOTHING = 1;
/** Imagined sample tokens behind the ratio by which earlier rounds changed a feature's misfires. */
const RATIO_SMOOTHING = 2;
/** A round that gains less than this, where 1 is all there is to explain, ends the search. */
const MIN_GAIN = 0.0015;

const NONE = new Int32Array(0);

/** A feature under trial; weights of tokens, as far as earlier rounds left them unexplained. */
interface Candidate {
  feature: number;
  weight: number;
  /** Train tokens that show it, and corpus sample tokens that do. */
  trainTokens: Int32Array;
  sampleTokens: Int32Array;
  /** Weight of all corpus tokens that show it, before any round. */
  corpus: number;
  hits: number;
  misses: number;
}

/**
 * Learns a sparse additive rule by greedy boosting of single features that speak up or abstain (Cohen and Singer's
 * SLIPPER, 1999; Schapire and Singer's confidence-rated predictions): in every round the feature with the largest
 * (√hits − √misses)² is given the weight ½ ln((hits + ε) / (misses + ε)), and what it explains counts less from then on.
 *
 * Firing tokens weigh 1 in all, each between ½ and 1 times alike by its activation; silent tokens of the same windows
 * weigh ½ and the corpus ½. How often a feature occurs in the corpus is counted over all train tokens; how far earlier
 * rounds explained those occurrences is read off the sample.
 */
export function learnRule(evidence: Evidence, background: Background): LexicalRule {
  const { sample, lexicon } = background;
  const { activations } = evidence;
  const weights = tokenWeights(evidence);
  const sampleWeights = new Float64Array(sample.tokens).fill(1);
  const firing = activations.reduce((count, a) => count + Number(a > 0), 0);
  const smoothing = SMOOTHING / Math.max(1, firing);
  const candidates = findCandidates(evidence, weights, background, smoothing);

  for (let round = 0; round < ROUNDS && firing > 0; round++) {
    let best: Candidate | null = null;
    let bestGain = MIN_GAIN;
    for (const candidate of candidates) {
      weigh(candidate, activations, weights, sampleWeights);
      const gain = gainOf(candidate, smoothing);
      if (gain > bestGain) {
        bestGain = gain;
        best = candidate;
      }
    }
    if (best === null) break;
    const weight = 0.5 * Math.log((best.hits + smoothing) / (best.misses + smoothing));
    best.weight += weight;
    for (const token of best.trainTokens) weights[token]! *= Math.exp(activations[token]! > 0 ? -weight : weight);
    for (const token of best.sampleTokens) sampleWeights[token]! *= Math.exp(weight);
  }

  const chosen = candidates.filter((c) => c.weight > 0).sort((a, b) => b.weight - a.weight || a.feature - b.feature);
  const { bias, threshold } = learnThreshold(evidence, background, chosen);
  const features = chosen.map((c) => ({ kind: lexicon.kindOf(c.feature), value: lexicon.textOf(lexicon.valueOf(c.feature)), weight: c.weight }));
  return { version: 1, features, bias, threshold };
}

/** How much each firing token counts: between ½ and 1 times alike by its activation, 1 in all; silent ones 0. */
export function firingWeights({ activations }: Evidence): Float64Array {
  const max = activations.reduce((m, a) => Math.max(m, a), 0);
  const weights = Float64Array.from(activations, (a) => (a > 0 ? 0.5 + (0.5 * a) / max : 0));
  const total = weights.reduce((sum, w) => sum + w, 0);
  return total === 0 ? weights : weights.map((w) => w / total);
}

/** The same, with silent tokens weighing ½ in all. */
function tokenWeights(evidence: Evidence): Float64Array {
  const { activations } = evidence;
  const silent = activations.reduce((count, a) => count + Number(!(a > 0)), 0);
  return firingWeights(evidence).map((weight, token) => (activations[token]! > 0 ? weight : 0.5 / silent));
}

/** The features of firing tokens with the most to gain at first, each with the tokens that show it. */
function findCandidates(evidence: Evidence, weights: Float64Array, background: Background, smoothing: number): Candidate[] {
  const { windows, starts, activations } = evidence;
  const { sample } = background;
  const { hits, support, lastWindow, slots } = background.scratch;
  for (const numbers of Object.values(background.scratch)) numbers.fit(background.lexicon.featureLimit);
  windows.forEach(({ offsets, features }, window) => {
    for (let token = starts[window]!; token < starts[window + 1]!; token++) {
      if (!(activations[token]! > 0)) continue;
      for (let i = offsets[token - starts[window]!]!; i < offsets[token - starts[window]! + 1]!; i++) {
        const feature = features[i]!;
        hits.add(feature, weights[token]!);
        if (lastWindow.get(feature) === window + 1) continue;
        lastWindow.add(feature, window + 1 - lastWindow.get(feature));
        support.add(feature, 1);
      }
    }
  });
  const candidates: Candidate[] = [];
  const trainTokens: number[][] = [];
  for (const feature of hits.features) {
    if (support.get(feature) < MIN_WINDOWS) continue;
    const corpus = (0.5 * countOf(background, feature)) / Math.max(1, background.tokens);
    const covered = { hits: hits.get(feature), misses: corpus };
    // Silent tokens of the windows can only lower this.
    if (gainOf(covered, smoothing) <= MIN_GAIN) continue;
    const sampleTokens = sample.postings.subarray(sample.offsets[feature] ?? 0, sample.offsets[feature + 1] ?? 0);
    candidates.push({ feature, weight: 0, trainTokens: NONE, sampleTokens, corpus, ...covered });
    trainTokens.push([]);
    slots.add(feature, candidates.length);
  }
  windows.forEach(({ offsets, features }, window) => {
    for (let token = 0; token + 1 < offsets.length; token++) {
      for (let i = offsets[token]!; i < offsets[token + 1]!; i++) {
        const slot = slots.get(features[i]!);
        if (slot > 0) trainTokens[slot - 1]!.push(starts[window]! + token);
      }
    }
  });
  for (const numbers of Object.values(background.scratch)) numbers.clear();
  const gains = new Map<Candidate, number>();
  candidates.forEach((candidate, slot) => {
    candidate.trainTokens = Int32Array.from(trainTokens[slot]!);
    for (const token of candidate.trainTokens) if (!(activations[token]! > 0)) candidate.misses += weights[token]!;
    gains.set(candidate, gainOf(candidate, smoothing));
  });
  return candidates
    .filter((candidate) => gains.get(candidate)! > MIN_GAIN)
    .sort((x, y) => gains.get(y)! - gains.get(x)! || x.feature - y.feature)
    .slice(0, CANDIDATES);
}

function weigh(candidate: Candidate, activations: Float32Array, weights: Float64Array, sampleWeights: Float64Array): void {
  let hits = 0;
  let silent = 0;
  for (const token of candidate.trainTokens) {
    if (activations[token]! > 0) hits += weights[token]!;
    else silent += weights[token]!;
  }
  let sampled = RATIO_SMOOTHING;
  for (const token of candidate.sampleTokens) sampled += sampleWeights[token]!;
  candidate.hits = hits;
  candidate.misses = silent + (candidate.corpus * sampled) / (candidate.sampleTokens.length + RATIO_SMOOTHING);
}

/** 0 for a feature that misfires as often as it hits: rules only speak for firing. */
function gainOf({ hits, misses }: { hits: number; misses: number }, smoothing: number): number {
  return hits > misses ? (Math.sqrt(hits) - Math.sqrt(misses + smoothing)) ** 2 * Number(hits > misses + smoothing) : 0;
}
