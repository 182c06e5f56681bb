import { annotate, type AnnotatedText } from './annotate.ts';
import { FeatureScratch } from './feature-scratch.ts';
import { lexiconOf, type Lexicon } from './lexicon.ts';
import type { TokenTable } from './types.ts';

/** Windows of the corpus kept token by token, for what single counts cannot say: which features meet on one token. */
const SAMPLE_WINDOWS = 256;
const WINDOW_TOKENS = 32;
/** Left context of a sampled window, as much as a latent's windows come with. */
const CONTEXT_TOKENS = 8;

/** What the corpus looks like without regard to any latent; built once from the train rows. */
export interface Background {
  lexicon: Lexicon;
  /** Tokens counted. */
  tokens: number;
  /** Tokens with each feature. */
  counts: Uint32Array;
  /** Windows of 32 tokens, and how many of them hold each word (by interned value). */
  windows: number;
  windowsWith: Uint32Array;
  sample: BackgroundSample;
  /** Working memory of one latent at a time; empty between them. */
  scratch: FeatureScratch;
}

/** Evenly spaced windows of the corpus. */
export interface BackgroundSample {
  tokens: number;
  /** First token of each window, and the end of the last. */
  windowStarts: Int32Array;
  /** The sample's tokens with feature f: postings[offsets[f] … offsets[f + 1]). */
  offsets: Int32Array;
  postings: Int32Array;
  /** And the features of sample token i: features[tokenOffsets[i] … tokenOffsets[i + 1]). */
  tokenOffsets: Int32Array;
  features: Int32Array;
}

/** How many train tokens show a feature; 0 for one first met since. */
export function countOf(background: Background, feature: number): number {
  return background.counts[feature] ?? 0;
}

/** How many train windows hold a word, by interned value. */
export function windowsWith(background: Background, value: number): number {
  return background.windowsWith[value] ?? 0;
}

/** Counts every feature over the train rows (BOS left out) and keeps a sample of their windows. Deterministic. */
export function buildBackground(rows: Iterable<Int32Array>, tokens: TokenTable): Background {
  const lexicon = lexiconOf(tokens);
  let counts = new Uint32Array(1 << 16);
  let withWord = new Uint32Array(1 << 12);
  let lastWindow = new Int32Array(1 << 12).fill(-1);
  let total = 0;
  let windows = 0;
  const spans: { row: Int32Array; start: number; end: number }[] = [];
  for (const row of rows) {
    const { features, units } = annotate(lexicon, row);
    counts = fitted(counts, lexicon.featureLimit);
    withWord = fitted(withWord, lexicon.featureLimit);
    if (lastWindow.length < withWord.length) {
      const larger = new Int32Array(withWord.length).fill(-1);
      larger.set(lastWindow);
      lastWindow = larger;
    }
    for (const feature of features) counts[feature]!++;
    total += row.length;
    for (let start = 0; start < row.length; start += WINDOW_TOKENS) {
      const end = Math.min(start + WINDOW_TOKENS, row.length);
      for (let i = start; i < end; i++) {
        const { kind, value } = units[i]!;
        if (kind === 'blank' || lastWindow[value] === windows) continue;
        lastWindow[value] = windows;
        withWord[value]!++;
      }
      windows++;
      if (end - start === WINDOW_TOKENS) spans.push({ row, start, end });
    }
  }
  return { lexicon, tokens: total, counts, windows, windowsWith: withWord, sample: takeSample(lexicon, spans), scratch: new FeatureScratch() };
}

function takeSample(lexicon: Lexicon, spans: readonly { row: Int32Array; start: number; end: number }[]): BackgroundSample {
  const count = Math.min(SAMPLE_WINDOWS, spans.length);
  const texts: AnnotatedText[] = [];
  const windowStarts = new Int32Array(count + 1);
  for (let k = 0; k < count; k++) {
    const { row, start, end } = spans[Math.floor(((k + 0.5) * spans.length) / count)]!;
    texts.push(annotate(lexicon, row.subarray(start, end), row.subarray(Math.max(0, start - CONTEXT_TOKENS), start)));
    windowStarts[k + 1] = windowStarts[k]! + end - start;
  }
  const tokens = windowStarts[count]!;
  const tokenOffsets = new Int32Array(tokens + 1);
  const features = new Int32Array(texts.reduce((sum, text) => sum + text.features.length, 0));
  const offsets = new Int32Array(lexicon.featureLimit + 1);
  let at = 0;
  texts.forEach((text, k) => {
    for (let i = 0; i + 1 < text.offsets.length; i++) tokenOffsets[windowStarts[k]! + i + 1] = at + text.offsets[i + 1]!;
    features.set(text.features, at);
    at += text.features.length;
  });
  for (const feature of features) offsets[feature + 1]!++;
  for (let f = 0; f < lexicon.featureLimit; f++) offsets[f + 1]! += offsets[f]!;
  const next = offsets.slice();
  const postings = new Int32Array(features.length);
  for (let token = 0; token < tokens; token++) {
    for (let i = tokenOffsets[token]!; i < tokenOffsets[token + 1]!; i++) postings[next[features[i]!]!++] = token;
  }
  return { tokens, windowStarts, offsets, postings, tokenOffsets, features };
}

function fitted(array: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  if (array.length >= length) return array;
  const larger = new Uint32Array(2 * length);
  larger.set(array);
  return larger;
}
