import type { LexicalRule } from '#lib/explanation/lexical-rule.ts';

export type { Background } from './background.ts';

/** A tokenizer's vocabulary as text. The same object must be passed throughout: what is worked out per token hangs on it. */
export interface TokenTable {
  /** Decoded text of a token, with its leading space, line break etc.; '' for an id that has none. */
  text(id: number): string;
}

/** One train window of a latent. */
export interface LexicalWindow {
  /** At most 32 token ids, BOS left out. */
  tokens: Int32Array;
  /** One a token, ≥ 0; 0 is silence. */
  activations: Float32Array;
  /** Up to 8 tokens that stand before the window in its row; may be empty. */
  before?: Int32Array;
}

export interface LexicalExplanation {
  /** One short English sentence of at most 200 characters. */
  text: string;
  rule: LexicalRule;
}
