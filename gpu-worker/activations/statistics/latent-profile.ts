import { binOf, logEdges } from '#lib/stats/log-histogram.ts';
import { quantileSorted } from '#lib/stats/quantile.ts';
import type { LatentActivations } from '#gpu-worker/activations/store/types.ts';
import { informationAboutPosition } from './position-information.ts';
import type { RowFacts } from './row-facts.ts';

/** Bins of a quarter of an octave that end at the latent's own maximum. */
export const HISTOGRAM_BINS = 40;
const OCTAVES = 10;
/** Deciles with minimum and maximum. */
export const QUANTILE_EDGES = 11;
/** Equal parts of a row. */
export const POSITION_BINS = 16;
export const TOP_TOKENS = 10;
/** The strongest activations that are looked at to see whether they are one token's (method.md §2.5, criterion A). */
const STRONGEST = 50;
const STRONGEST_SHARE = 0.9;
const HALF_SHARE = 0.75;

/** A token that a latent fires on. */
export interface TopToken {
  token: number;
  /** Times it fires there. */
  active: number;
  /** Sum of its activations there. */
  total: number;
  /** Times the token stands in the text, where activations are stored. */
  occurrences: number;
}

/** What a latent does on the tokens themselves. All shares are of its activations. */
export interface TokenProfile {
  /** Shannon entropy of the tokens it fires on, in bits: 0 for a single token. */
  entropy: number;
  /** The token it fires on most often (of equals the lowest id), and its share. */
  mostFrequent: number;
  mostFrequentShare: number;
  /** Share of the most frequent token among the 50 strongest activations, and among the stronger half of all. */
  strongestShare: number;
  strongerHalfShare: number;
  /** Sorted by total activation. */
  byTotal: readonly TopToken[];
  /** Sorted by mean activation over all occurrences of the token, those where the latent is silent too. */
  byMean: readonly TopToken[];
  /** Documents it fires in. */
  documents: number;
}

/** A latent is active where the store holds a value for it. */
export interface LatentProfile {
  /** Tokens and windows on which it is active. */
  count: number;
  windows: number;
  frequency: number;
  windowFrequency: number;
  /** Over its activations; 0 for a dead latent. */
  max: number;
  mean: number;
  /** Counts of activations in 40 bins of equal ratio over [max / 1024, max], and of those below; all 0 when max ≤ 0. */
  histogram: Float64Array;
  histogramBelow: number;
  /** Its minimum, deciles and maximum; all 0 for a dead one. */
  quantiles: Float64Array;
  /** Counts in 16 equal parts of the row. */
  positions: Float64Array;
  /** Mutual information of being active and the position, in bits a token. */
  positionInformation: number;
  /** Null when it is dead or the tokens are not known. */
  tokens: TokenProfile | null;
}

/**
 * `strong` when one token has more than 90 % of the 50 strongest activations and more than 75 % of the stronger half,
 * `weak` when only one of these holds (method.md §2.5; all of the half is counted, where delphi draws 100 of it). Null
 * too for a latent of fewer than 50 activations: what fired once has fired on one token.
 *
 * @param count the latent's activations
 */
export function singleToken(
  { strongestShare, strongerHalfShare }: Pick<TokenProfile, 'strongestShare' | 'strongerHalfShare'>,
  count: number,
): 'strong' | 'weak' | null {
  if (count < STRONGEST) return null;
  const met = Number(strongestShare > STRONGEST_SHARE) + Number(strongerHalfShare > HALF_SHARE);
  return met === 2 ? 'strong' : met === 1 ? 'weak' : null;
}

/** Edges of a latent's histogram [41]; null when no activation is positive. */
export function histogramEdges(max: number): Float64Array | null {
  return max > 0 ? logEdges(max / 2 ** OCTAVES, max, HISTOGRAM_BINS) : null;
}

/** Profiles latents one after another over the same rows; what it needs is as large as the vocabulary, a row and the documents. */
export function createProfiler(facts: RowFacts): (activations: LatentActivations) => LatentProfile {
  const { rowLength, windowLength, positionTokens } = facts;
  const perRow = Math.ceil(rowLength / windowLength);
  const atPosition = new Float64Array(rowLength);
  const tokenProfile = facts.text === null ? null : createTokenProfiler(facts.text, rowLength);
  return (activations) => {
    const { place, value } = activations;
    const count = place.length;
    atPosition.fill(0);
    let [sum, windows, lastWindow] = [0, 0, -1];
    for (let i = 0; i < count; i++) {
      sum += value[i]!;
      const position = place[i]! % rowLength;
      atPosition[position]!++;
      const window = ((place[i]! - position) / rowLength) * perRow + Math.floor(position / windowLength);
      if (window !== lastWindow) windows++;
      lastWindow = window;
    }
    const sorted = value.slice().sort();
    const max = count > 0 ? sorted[count - 1]! : 0;
    const positions = new Float64Array(POSITION_BINS);
    for (let position = 0; position < rowLength; position++) positions[Math.floor((position * POSITION_BINS) / rowLength)]! += atPosition[position]!;
    return {
      count,
      windows,
      frequency: facts.tokens > 0 ? count / facts.tokens : 0,
      windowFrequency: facts.windows > 0 ? windows / facts.windows : 0,
      max,
      mean: count > 0 ? sum / count : 0,
      ...histogramOf(value, max),
      quantiles: Float64Array.from({ length: QUANTILE_EDGES }, (_, i) => quantileSorted(sorted, i / (QUANTILE_EDGES - 1)) ?? 0),
      positions,
      positionInformation: informationAboutPosition(atPosition, positionTokens),
      tokens: count > 0 ? (tokenProfile?.(activations, sorted) ?? null) : null,
    };
  };
}

function histogramOf(value: Float32Array, max: number): Pick<LatentProfile, 'histogram' | 'histogramBelow'> {
  const histogram = new Float64Array(HISTOGRAM_BINS);
  const edges = histogramEdges(max);
  let histogramBelow = 0;
  if (edges !== null) {
    for (const v of value) {
      const bin = binOf(edges, v);
      if (bin < 0) histogramBelow++;
      else histogram[bin]!++;
    }
  }
  return { histogram, histogramBelow };
}

function createTokenProfiler(text: NonNullable<RowFacts['text']>, rowLength: number): (activations: LatentActivations, sorted: Float32Array) => TokenProfile {
  const { ids, vocabulary, occurrences, document } = text;
  const active = new Uint32Array(vocabulary);
  const total = new Float64Array(vocabulary);
  const seenIn = new Int32Array(text.documents).fill(-1);
  const tally = new Uint32Array(vocabulary);
  return ({ latent, place, value }, sorted) => {
    const count = place.length;
    const touched: number[] = [];
    let documents = 0;
    for (let i = 0; i < count; i++) {
      const id = ids[place[i]!]!;
      if (active[id]!++ === 0) touched.push(id);
      total[id]! += value[i]!;
      const at = document[Math.floor(place[i]! / rowLength)]!;
      if (seenIn[at] !== latent) documents++;
      seenIn[at] = latent;
    }
    let entropy = 0;
    let mostFrequent = touched[0]!;
    for (const id of touched) {
      entropy -= (active[id]! / count) * Math.log2(active[id]! / count);
      if (active[id]! > active[mostFrequent]! || (active[id] === active[mostFrequent] && id < mostFrequent)) mostFrequent = id;
    }
    const shareOfStrongest = (n: number): number => {
      let most = 0;
      const threshold = sorted[count - n]!;
      // Of those that equal the least that is in, the earlier places.
      let equal = n;
      for (let i = count - 1; i >= 0 && sorted[i]! > threshold; i--) equal--;
      for (let i = 0; i < count; i++) {
        if (value[i]! > threshold || (value[i] === threshold && equal-- > 0)) most = Math.max(most, ++tally[ids[place[i]!]!]!);
      }
      for (const id of touched) tally[id] = 0;
      return most / n;
    };
    const facts = (id: number): TopToken => ({ token: id, active: active[id]!, total: total[id]!, occurrences: occurrences[id]! });
    const meanOf = (id: number): number => total[id]! / occurrences[id]!;
    const top = (score: (id: number) => number): TopToken[] => greatest(touched, score).map(facts);
    const profile = {
      entropy: Math.max(0, entropy),
      mostFrequent,
      mostFrequentShare: active[mostFrequent]! / count,
      strongestShare: shareOfStrongest(Math.min(STRONGEST, count)),
      strongerHalfShare: shareOfStrongest(Math.ceil(count / 2)),
      byTotal: top((id) => total[id]!),
      byMean: top(meanOf),
      documents,
    };
    for (const id of touched) active[id] = total[id] = 0;
    return profile;
  };
}

/** The ten ids of greatest score, best first; of equals the lower id. */
function greatest(ids: readonly number[], score: (id: number) => number): number[] {
  const best: { id: number; score: number }[] = [];
  for (const id of ids) {
    const entry = { id, score: score(id) };
    const precedes = (other: { id: number; score: number }): boolean => entry.score > other.score || (entry.score === other.score && entry.id < other.id);
    if (best.length === TOP_TOKENS && !precedes(best[TOP_TOKENS - 1]!)) continue;
    if (best.length === TOP_TOKENS) best.pop();
    let at = best.length;
    while (at > 0 && precedes(best[at - 1]!)) at--;
    best.splice(at, 0, entry);
  }
  return best.map(({ id }) => id);
}
