import type { LexicalRule } from '#lib/explanation/lexical-rule.ts';
import { countOf, type Background } from './background.ts';
import type { Evidence } from './evidence.ts';
import { learnThreshold } from './learn-threshold.ts';

/**
 * Features tried, and rounds. On 200 latents of the demo coder, 64 features in 16 rounds with a smoothing of 1, each
 * feature from two windows or more, reached a median balanced accuracy of .72 on unseen windows; these .76 with 14
 * features a rule; twice as many of both .77 with 22.
 */
const CANDIDATES = 96;
const ROUNDS = 24;
/** Imagined observations on each side, in firing tokens: keeps the weight of a feature that never misfired finite. */
const SMOOTHING = 0.25;
/** Imagined sample tokens behind the ratio by which earlier rounds changed a feature's misfires. */
const RATIO_SMOOTHING = 2;
/** A round that gains less than this, where 1 is all there is to explain, ends the search. */
const MIN_GAIN = 0.0005;

/** A feature under trial. Sums are over tokens that show it, by weights that shrink or grow as rounds explain them. */
interface Candidate {
  feature: number;
  weight: number;
  hits: number;
  /** Silent tokens of the train windows. */
  silent: number;
  /** Weight of all corpus tokens that show it, before any round. */
  corpus: number;
  /** Sample tokens that show it: their weights, each 1 at first. */
  sampled: number;
  trainTokens: Int32Array;
  sampleTokens: Int32Array;
}

/**
 * Learns a sparse additive rule by greedy boosting of single features that speak up or abstain (Cohen and Singer's
 * SLIPPER, 1999; Schapire and Singer's confidence-rated predictions): in every round the feature with the largest
 * (√hits − √misses)² is given the weight ½ ln((hits + ε) / (misses + ε)), and what it explains counts less from then on,
 * what it gets wrong more.
 *
 * Firing tokens weigh 1 in all, each between ½ and 1 times alike by its activation; silent tokens of the same windows
 * weigh ½ and the corpus ½. How often a feature occurs in the corpus is counted over all train tokens; how far earlier
 * rounds changed the weight of those occurrences is read off the sample.
 */
export function learnRule(evidence: Evidence, background: Background): LexicalRule {
  const { lexicon, sample, scratch } = background;
  const { activations, windows, windowOf, starts } = evidence;
  scratch.fit(lexicon.featureLimit);
  const weights = tokenWeights(evidence);
  const sampleWeights = new Float64Array(sample.tokens).fill(1);
  const smoothing = SMOOTHING / Math.max(1, countFiring(activations));
  const candidates = findCandidates(evidence, weights, background, smoothing);

  candidates.forEach(({ feature }, slot) => scratch.add(feature, slot + 1));
  for (let round = 0; round < ROUNDS; round++) {
    const best = bestOf(candidates, smoothing);
    if (best === null) break;
    const weight = 0.5 * Math.log((best.hits + smoothing) / (missesOf(best) + smoothing));
    best.weight += weight;
    for (const token of best.trainTokens) {
      const fires = activations[token]! > 0;
      const change = weights[token]! * Math.expm1(fires ? -weight : weight);
      weights[token]! += change;
      const { offsets, features } = windows[windowOf[token]!]!;
      const i = token - starts[windowOf[token]!]!;
      for (let k = offsets[i]!; k < offsets[i + 1]!; k++) {
        const slot = scratch.get(features[k]!);
        if (slot === 0) continue;
        if (fires) candidates[slot - 1]!.hits += change;
        else candidates[slot - 1]!.silent += change;
      }
    }
    for (const token of best.sampleTokens) {
      const change = sampleWeights[token]! * Math.expm1(weight);
      sampleWeights[token]! += change;
      for (let k = sample.tokenOffsets[token]!; k < sample.tokenOffsets[token + 1]!; k++) {
        const slot = scratch.get(sample.features[k]!);
        if (slot > 0) candidates[slot - 1]!.sampled += change;
      }
    }
  }
  scratch.clear();

  const chosen = candidates.filter((c) => c.weight > 0).sort((a, b) => b.weight - a.weight || a.feature - b.feature);
  const features = chosen.map((c) => ({ kind: lexicon.kindOf(c.feature), value: lexicon.textOf(lexicon.valueOf(c.feature)), weight: c.weight }));
  const bias = defaultScore(weights, activations, sampleWeights, smoothing);
  return { version: 1, features, bias, threshold: learnThreshold(evidence, background, chosen, bias) };
}

/** Half the log-odds of what no feature explains, the constant last round of boosting: makes a score half a log-odds. */
function defaultScore(weights: Float64Array, activations: Float32Array, sampleWeights: Float64Array, smoothing: number): number {
  let hits = smoothing;
  let misses = smoothing;
  for (let token = 0; token < weights.length; token++) {
    if (activations[token]! > 0) hits += weights[token]!;
    else misses += weights[token]!;
  }
  for (let token = 0; token < sampleWeights.length; token++) misses += (0.5 * sampleWeights[token]!) / sampleWeights.length;
  return 0.5 * Math.log(hits / misses);
}

function bestOf(candidates: readonly Candidate[], smoothing: number): Candidate | null {
  let best: Candidate | null = null;
  let bestGain = MIN_GAIN;
  for (const candidate of candidates) {
    const gain = gainOf(candidate.hits, missesOf(candidate), smoothing);
    if (gain > bestGain) {
      bestGain = gain;
      best = candidate;
    }
  }
  return best;
}

function missesOf({ silent, corpus, sampled, sampleTokens }: Candidate): number {
  return silent + (corpus * (sampled + RATIO_SMOOTHING)) / (sampleTokens.length + RATIO_SMOOTHING);
}

/** 0 for a feature that misfires as often as it hits: rules only speak for firing. */
function gainOf(hits: number, misses: number, smoothing: number): number {
  return hits > misses + smoothing ? (Math.sqrt(hits) - Math.sqrt(misses + smoothing)) ** 2 : 0;
}

function countFiring(activations: Float32Array): number {
  let count = 0;
  for (let i = 0; i < activations.length; i++) if (activations[i]! > 0) count++;
  return count;
}

/** How much each firing token counts: between ½ and 1 times alike by its activation, 1 in all; silent ones 0. */
export function firingWeights({ activations }: Evidence): Float64Array {
  let max = 0;
  for (let i = 0; i < activations.length; i++) if (activations[i]! > max) max = activations[i]!;
  const weights = new Float64Array(activations.length);
  let total = 0;
  for (let i = 0; i < activations.length; i++) {
    if (activations[i]! > 0) weights[i] = 0.5 + (0.5 * activations[i]!) / max;
    total += weights[i]!;
  }
  if (total > 0) for (let i = 0; i < weights.length; i++) weights[i]! /= total;
  return weights;
}

/** The same, with silent tokens weighing ½ in all. */
function tokenWeights(evidence: Evidence): Float64Array {
  const { activations } = evidence;
  const weights = firingWeights(evidence);
  const silent = 0.5 / Math.max(1, activations.length - countFiring(activations));
  for (let i = 0; i < activations.length; i++) if (!(activations[i]! > 0)) weights[i] = silent;
  return weights;
}

/** The features of firing tokens with the most to gain at first, each with the tokens that show it. */
function findCandidates(evidence: Evidence, weights: Float64Array, background: Background, smoothing: number): Candidate[] {
  const { windows, starts, activations } = evidence;
  const { sample, scratch } = background;
  windows.forEach(({ offsets, features }, w) => {
    for (let i = 0; i + 1 < offsets.length; i++) {
      if (!(activations[starts[w]! + i]! > 0)) continue;
      for (let k = offsets[i]!; k < offsets[i + 1]!; k++) scratch.add(features[k]!, weights[starts[w]! + i]!);
    }
  });
  const perToken = 0.5 / Math.max(1, background.tokens);
  // Misfires in the train windows can only lower this first guess, so twice the number wanted is enough to look at.
  const guesses: { feature: number; hits: number; corpus: number; gain: number }[] = [];
  for (const feature of scratch.features) {
    const hits = scratch.get(feature);
    const corpus = perToken * countOf(background, feature);
    const gain = gainOf(hits, corpus, smoothing);
    if (gain > MIN_GAIN) guesses.push({ feature, hits, corpus, gain });
  }
  scratch.clear();
  guesses.sort((a, b) => b.gain - a.gain || a.feature - b.feature);
  const candidates = guesses.slice(0, 2 * CANDIDATES).map(({ feature, hits, corpus }): Candidate => {
    const sampleTokens = sample.postings.subarray(sample.offsets[feature] ?? 0, sample.offsets[feature + 1] ?? 0);
    return { feature, weight: 0, hits, silent: 0, corpus, sampled: sampleTokens.length, trainTokens: NO_TOKENS, sampleTokens };
  });
  findTokens(candidates, evidence, background);
  for (const candidate of candidates) for (const token of candidate.trainTokens) if (!(activations[token]! > 0)) candidate.silent += weights[token]!;
  const gain = (candidate: Candidate): number => gainOf(candidate.hits, missesOf(candidate), smoothing);
  return candidates
    .filter((candidate) => gain(candidate) > MIN_GAIN)
    .sort((a, b) => gain(b) - gain(a) || a.feature - b.feature)
    .slice(0, CANDIDATES);
}

const NO_TOKENS = new Int32Array(0);

/** Lists the train tokens that show each candidate: counted first, so that all lists share one array. */
function findTokens(candidates: readonly Candidate[], { windows, starts }: Evidence, { scratch }: Background): void {
  candidates.forEach(({ feature }, slot) => scratch.add(feature, slot + 1));
  const ends = new Int32Array(candidates.length + 1);
  for (const { features } of windows) {
    for (let k = 0; k < features.length; k++) {
      const slot = scratch.get(features[k]!);
      if (slot > 0) ends[slot]!++;
    }
  }
  for (let slot = 1; slot <= candidates.length; slot++) ends[slot]! += ends[slot - 1]!;
  const next = ends.slice();
  const tokens = new Int32Array(ends[candidates.length]!);
  windows.forEach(({ offsets, features }, w) => {
    for (let i = 0; i + 1 < offsets.length; i++) {
      for (let k = offsets[i]!; k < offsets[i + 1]!; k++) {
        const slot = scratch.get(features[k]!);
        if (slot > 0) tokens[next[slot - 1]!++] = starts[w]! + i;
      }
    }
  });
  candidates.forEach((candidate, slot) => (candidate.trainTokens = tokens.subarray(ends[slot], ends[slot + 1])));
  scratch.clear();
}
