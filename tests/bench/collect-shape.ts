import { rngFor } from '#lib/random/rng.ts';
import type { LlamaSizes } from './random-llama.ts';

/** The shape of the promise: a mid-size Llama and a wide coder. */
export const SIZES: LlamaSizes = { hidden: 512, layers: 6, heads: 8, kvHeads: 4, mlp: 1408, vocabulary: 8192 };
export const CODER = { width: 32_768, k: 32, hookpoint: 'layers.5' };
export const LENGTH = 256;
export const ROWS = 8;

export function randomIds(count: number, vocabulary: number): Int32Array {
  const rng = rngFor('bench', 'ids');
  return Int32Array.from({ length: count }, () => rng.int(vocabulary));
}
