import { annotate, type AnnotatedText } from './annotate.ts';
import type { Lexicon } from './lexicon.ts';

/** About 3 kB each, so 50 MB in all: half a million tokens of windows, each of which a few dozen latents ask for. */
const MAX_WINDOWS = 16_384;

interface Entry {
  tokens: Int32Array;
  before: Int32Array;
  annotated: AnnotatedText;
}

const NONE = new Int32Array(0);
const remembered = new WeakMap<Lexicon, Map<number, Entry>>();

/**
 * `annotate`, remembering the windows annotated lately by their tokens: thousands of latents share them, and finding
 * the words of a window takes ten times as long as recognising it. Do not change what it returns.
 */
export function annotateWindow(lexicon: Lexicon, tokens: Int32Array, before: Int32Array = NONE): AnnotatedText {
  let entries = remembered.get(lexicon);
  if (entries === undefined) {
    entries = new Map();
    remembered.set(lexicon, entries);
  }
  const key = hashOf(tokens, hashOf(before, before.length));
  const known = entries.get(key);
  if (known !== undefined && equal(known.tokens, tokens) && equal(known.before, before)) return known.annotated;
  if (entries.size >= MAX_WINDOWS) entries.clear();
  const annotated = annotate(lexicon, tokens, before);
  entries.set(key, { tokens: tokens.slice(), before: before.slice(), annotated });
  return annotated;
}

function hashOf(tokens: Int32Array, seed: number): number {
  let hash = seed;
  for (let i = 0; i < tokens.length; i++) hash = Math.imul(hash ^ tokens[i]!, 0x01000193) + 0x9e37;
  return hash;
}

function equal(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
