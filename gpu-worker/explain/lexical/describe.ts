import { logOddsOfWord } from '#lib/stats/log-odds.ts';
import { countOf, windowsWith, type Background } from './background.ts';
import type { Evidence } from './evidence.ts';
import type { LexicalFeatureKind } from '#lib/explanation/lexical-rule.ts';

/** A word with the evidence that it belongs to the latent. */
export interface WordEvidence {
  /** As it is mostly written there. */
  text: string;
  value: number;
  /** Log-odds against the corpus, in standard errors. */
  z: number;
  /** Share of the firing weight, or of the windows, that shows it. */
  share: number;
}

/** A feature other than a word of its own that many firing tokens share. */
export interface Pattern {
  kind: LexicalFeatureKind;
  value: string;
  /** Share of the firing weight that shows it. */
  share: number;
  /** The share, divided by that of the corpus. */
  lift: number;
}

/** What sets a latent's firing tokens and their surroundings apart from the corpus. */
export interface Description {
  /** Words the latent fires on, strongest evidence first. */
  firing: WordEvidence[];
  /** Words its windows hold more often than others do, strongest evidence first; never one of `firing`. */
  around: WordEvidence[];
  patterns: Pattern[];
}

/** Imagined counts that look like the corpus: in tokens for firing words, in windows for the words around. */
const TOKEN_PRIOR = 50;
const WINDOW_PRIOR = 10;
/** A word must show up in as many windows, or it is a coincidence of one text. */
const MIN_WINDOWS = 2;

/** Weighs the evidence; `weights` are those of the firing tokens, summing to 1. */
export function describeEvidence(evidence: Evidence, weights: Float64Array, background: Background): Description {
  const firing = firingWords(evidence, weights, background);
  return { firing, around: wordsAround(evidence, background), patterns: patterns(evidence, weights, background) };
}

function firingWords({ windows, starts, activations }: Evidence, weights: Float64Array, background: Background): WordEvidence[] {
  const found = new Map<number, { text: string; count: number; weight: number; windows: number; last: number; feature: number }>();
  let total = 0;
  windows.forEach(({ units }, w) => {
    units.forEach((unit, i) => {
      const token = starts[w]! + i;
      if (!(activations[token]! > 0) || unit.kind === 'blank') return;
      total++;
      const entry = found.get(unit.value) ?? { text: unit.text, count: 0, weight: 0, windows: 0, last: -1, feature: unit.word };
      found.set(unit.value, entry);
      entry.count++;
      entry.weight += weights[token]!;
      if (entry.last !== w) entry.windows++;
      entry.last = w;
    });
  });
  const out: WordEvidence[] = [];
  for (const [value, { text, count, weight, windows: seen, feature }] of found) {
    if (feature < 0) continue;
    const z = zOf(count, total, countOf(background, feature), background.tokens, TOKEN_PRIOR);
    if (z > 0) out.push({ text, value, z, share: seen >= MIN_WINDOWS ? weight : weight / 2 });
  }
  return out.sort((a, b) => b.z - a.z || a.value - b.value);
}

function wordsAround({ windows }: Evidence, background: Background): WordEvidence[] {
  const found = new Map<number, { text: string; windows: number; last: number }>();
  windows.forEach(({ units }, w) => {
    for (const unit of units) {
      if (unit.kind !== 'word') continue;
      const entry = found.get(unit.value) ?? { text: unit.text, windows: 0, last: -1 };
      found.set(unit.value, entry);
      if (entry.last !== w) entry.windows++;
      entry.last = w;
    }
  });
  const out: WordEvidence[] = [];
  for (const [value, { text, windows: seen }] of found) {
    if (seen < MIN_WINDOWS) continue;
    const z = zOf(seen, windows.length, windowsWith(background, value), background.windows, WINDOW_PRIOR);
    if (z > 0) out.push({ text, value, z, share: seen / windows.length });
  }
  return out.sort((a, b) => b.z - a.z || a.value - b.value);
}

function patterns({ windows, starts, activations }: Evidence, weights: Float64Array, background: Background): Pattern[] {
  const share = background.scratch.hits;
  share.fit(background.lexicon.featureLimit);
  windows.forEach(({ offsets, features }, w) => {
    for (let i = 0; i + 1 < offsets.length; i++) {
      const token = starts[w]! + i;
      if (!(activations[token]! > 0)) continue;
      for (let k = offsets[i]!; k < offsets[i + 1]!; k++) share.add(features[k]!, weights[token]!);
    }
  });
  const out: Pattern[] = [];
  for (const feature of share.features) {
    const covered = share.get(feature);
    if (covered < 0.15) continue;
    const corpus = (countOf(background, feature) + 1) / (background.tokens + 1);
    const kind = background.lexicon.kindOf(feature);
    out.push({ kind, value: background.lexicon.textOf(background.lexicon.valueOf(feature)), share: covered, lift: covered / corpus });
  }
  share.clear();
  return out.sort((a, b) => b.share - a.share || (a.kind + a.value < b.kind + b.value ? -1 : 1));
}

/** Monroe et al.'s z with a prior that looks like the corpus; a word the corpus lacks counts as half an occurrence. */
function zOf(count: number, total: number, corpusCount: number, corpusTotal: number, mass: number): number {
  const prior = (Math.max(0.5, corpusCount) / corpusTotal) * mass;
  return logOddsOfWord(count + prior, total + mass, Math.max(0.5, corpusCount) + prior, corpusTotal + mass).z;
}
