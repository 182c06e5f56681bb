import type { Tokenizer } from '#gpu-worker/model/tokenizer.ts';
import { minHash } from './near-duplicates.ts';

/** A text as token ids, and what tells whether another is nearly the same. */
export interface EncodedText {
  ids: Int32Array;
  signature: Uint32Array;
}

export function encodeTexts(tokenizer: Tokenizer, texts: readonly string[]): EncodedText[] {
  return texts.map((text) => ({ ids: tokenizer.encode(text), signature: minHash(text) }));
}
