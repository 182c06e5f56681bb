import type { LexicalFeatureKind } from '#lib/explanation/lexical-rule.ts';
import { logOddsOfWord } from '#lib/stats/log-odds.ts';
import { countOf, windowsWith, type Background } from './background.ts';
import type { Evidence } from './evidence.ts';
import type { Unit } from './lexicon.ts';

/** A word with the evidence that it belongs to the latent. */
export interface WordEvidence {
  /** As it was written first. */
  text: string;
  /** Log-odds against the corpus, in standard errors. */
  z: number;
  /** Share of the firing weight (for words around: of the windows) that shows it. */
  share: number;
  /** Windows that show it. */
  windows: number;
}

/** A feature that many firing tokens share. */
export interface Pattern {
  kind: LexicalFeatureKind;
  value: string;
  /** Share of the firing weight that shows it. */
  share: number;
  /** That share, divided by the corpus's. */
  lift: number;
  /** Words that show it most, at most three; for a mark or a line break the word before with the mark. */
  examples: string[];
}

/** What sets a latent's firing tokens and their surroundings apart from the corpus, strongest evidence first. */
export interface Description {
  /** Words (or numbers) that the firing tokens are, or are pieces of. */
  firing: WordEvidence[];
  /** Words that the windows hold more often than others do. */
  around: WordEvidence[];
  /** Largest share first. */
  patterns: Pattern[];
}

/** Imagined counts that look like the corpus, in tokens and in windows: what a rare word must overcome. */
const TOKEN_PRIOR = 50;
const WINDOW_PRIOR = 10;
/** A word around must show up in as many windows, or it is the chance of one text. */
const MIN_WINDOWS = 2;
/** Patterns that fewer firing tokens share are of no use to a sentence. */
const MIN_SHARE = 0.25;
const MAX_EXAMPLES = 3;

/** Weighs the evidence; `weights` are those of the firing tokens, summing to 1. */
export function describeEvidence(evidence: Evidence, weights: Float64Array, background: Background): Description {
  return {
    firing: firingWords(evidence, weights, background),
    around: wordsAround(evidence, background),
    patterns: findPatterns(evidence, weights, background),
  };
}

function firingWords({ windows, starts, activations }: Evidence, weights: Float64Array, background: Background): WordEvidence[] {
  const found = new Map<number, { text: string; feature: number; count: number; share: number; windows: number; last: number }>();
  let total = 0;
  windows.forEach(({ units }, w) => {
    units.forEach((unit, i) => {
      const token = starts[w]! + i;
      if (!(activations[token]! > 0)) return;
      total++;
      if (unit.word < 0 || isCut(units, i, countOf(background, unit.word))) return;
      const entry = found.get(unit.value) ?? { text: unit.text, feature: unit.word, count: 0, share: 0, windows: 0, last: -1 };
      found.set(unit.value, entry);
      entry.count++;
      entry.share += weights[token]!;
      if (entry.last !== w) entry.windows++;
      entry.last = w;
    });
  });
  return ranked(
    [...found.values()].map(({ text, feature, count, share, windows: seen }) => ({
      text,
      share,
      windows: seen,
      z: zOf(count, total, countOf(background, feature), background.tokens, TOKEN_PRIOR),
    })),
  );
}

/** Whether a window ends amid a word: its last unit is hardly ever a word in the corpus (whose rows end amid words too). */
function isCut(units: readonly Unit[], i: number, corpusCount: number): boolean {
  return corpusCount < 3 && units[i] === units.at(-1);
}

function wordsAround({ windows }: Evidence, background: Background): WordEvidence[] {
  const found = new Map<number, { text: string; windows: number; last: number }>();
  windows.forEach(({ units }, w) => {
    units.forEach((unit, i) => {
      if (unit.kind !== 'word' || isCut(units, i, windowsWith(background, unit.value))) return;
      const entry = found.get(unit.value) ?? { text: unit.text, windows: 0, last: -1 };
      found.set(unit.value, entry);
      if (entry.last !== w) entry.windows++;
      entry.last = w;
    });
  });
  const seen = [...found].filter(([, entry]) => entry.windows >= MIN_WINDOWS);
  return ranked(
    seen.map(([value, entry]) => ({
      text: entry.text,
      share: entry.windows / windows.length,
      windows: entry.windows,
      z: zOf(entry.windows, windows.length, windowsWith(background, value), background.windows, WINDOW_PRIOR),
    })),
  );
}

/** Those with evidence for them, the strongest first. */
function ranked(words: WordEvidence[]): WordEvidence[] {
  return words.filter((word) => word.z > 0).sort((a, b) => b.z - a.z || (a.text < b.text ? -1 : 1));
}

/** Monroe et al.'s z with a prior that looks like the corpus; what the corpus lacks counts as half an occurrence. */
function zOf(count: number, total: number, corpusCount: number, corpusTotal: number, mass: number): number {
  const corpus = Math.max(0.5, corpusCount);
  const prior = (corpus / corpusTotal) * mass;
  return logOddsOfWord(count + prior, total + mass, corpus + prior, corpusTotal + mass).z;
}

function findPatterns(evidence: Evidence, weights: Float64Array, background: Background): Pattern[] {
  const { windows, starts, activations } = evidence;
  const { lexicon } = background;
  const shares = background.scratch;
  shares.fit(lexicon.featureLimit);
  windows.forEach(({ offsets, features }, w) => {
    for (let token = starts[w]!; token < starts[w + 1]!; token++) {
      if (!(activations[token]! > 0)) continue;
      const i = token - starts[w]!;
      for (let k = offsets[i]!; k < offsets[i + 1]!; k++) shares.add(features[k]!, weights[token]!);
    }
  });
  const common = [...shares.features].filter((feature) => shares.get(feature) >= MIN_SHARE);
  const found = common.map((feature): Pattern => {
    const share = shares.get(feature);
    const corpus = (countOf(background, feature) + 1) / (background.tokens + 1);
    const value = lexicon.textOf(lexicon.valueOf(feature));
    return { kind: lexicon.kindOf(feature), value, share, lift: share / corpus, examples: examplesOf(feature, evidence, weights) };
  });
  shares.clear();
  return found.sort((a, b) => b.share - a.share || (a.kind + a.value < b.kind + b.value ? -1 : 1));
}

function examplesOf(feature: number, { windows, starts }: Evidence, weights: Float64Array): string[] {
  const found = new Map<string, number>();
  windows.forEach(({ offsets, features, units }, w) => {
    units.forEach((unit, i) => {
      const weight = weights[starts[w]! + i]!;
      if (weight === 0 || !features.subarray(offsets[i], offsets[i + 1]).includes(feature)) return;
      const before = units[i - 1];
      const text = unit.word >= 0 ? unit.text : unit.kind === 'mark' && before?.kind === 'word' ? before.text + unit.text : null;
      if (text !== null) found.set(text, (found.get(text) ?? 0) + weight);
    });
  });
  return [...found]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, MAX_EXAMPLES)
    .map(([text]) => text);
}
