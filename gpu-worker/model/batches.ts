import { isAppError } from '#lib/errors/app-error.ts';
import type { SparseCoder } from '#gpu-worker/sparse-coder/coder.ts';
import { isBounded } from '#gpu-worker/sparse-coder/encode-graph.ts';
import type { DecoderSpec } from './decoder-spec.ts';

const FLOAT_BYTES = 4;
/** More tokens at once make no operator faster: two cores are busy at a quarter of this. */
const MOST_TOKENS = 4096;

/** What is read at a place, for the memory it takes: a hidden state of that width, or a coder's latents of one. */
export interface Reading {
  width: number;
  coder?: SparseCoder;
}

/**
 * Bytes that one token takes while a decoder runs over rows of `length` tokens: an estimate from above of the largest
 * set of values alive at once (three of the residual stream, one layer's attention with its scores, one layer's MLP)
 * and of what is read. A coder's pre-activations are alive twice where all its latents are compared.
 */
export function tokenBytes(spec: DecoderSpec, length: number, readings: readonly Reading[]): number {
  const layer = Math.max(
    0,
    ...spec.layers.map(({ attention: { heads, kvHeads, headDim }, mlp }) => {
      const attending = (2 * heads + 4 * kvHeads) * headDim + 2 * heads * length;
      return Math.max(attending, 3 * mlp.down.inputs);
    }),
  );
  return FLOAT_BYTES * (3 * spec.dModel + layer) + readings.reduce((sum, reading) => sum + readingBytes(reading), 0);
}

/** Bytes that one token's reading takes. */
export function readingBytes({ width, coder }: Reading): number {
  if (!coder) return FLOAT_BYTES * 2 * width;
  return FLOAT_BYTES * (2 * width + (isBounded(coder.activation) ? 2 : 4) * coder.width);
}

/** How many items of `itemBytes` and `tokens` tokens each fit a budget of memory; at least one. */
export function batchSize(itemBytes: number, tokens: number, budget: number): number {
  return Math.max(1, Math.min(Math.floor(budget / itemBytes), Math.floor(MOST_TOKENS / tokens)));
}

/**
 * Works through `total` items, `size` at a time. A batch that runs out of memory is halved and tried again, and so are
 * those after it; `onHalved` hears of it. One item that does not fit throws what `work` threw (AppError
 * 'out_of_memory').
 */
export async function inBatches(
  total: number,
  size: number,
  work: (first: number, count: number) => Promise<void>,
  onHalved: (size: number) => void,
): Promise<void> {
  let most = Math.max(1, size);
  for (let first = 0; first < total;) {
    const count = Math.min(most, total - first);
    try {
      await work(first, count);
      first += count;
    } catch (error) {
      if (!isAppError(error) || error.code !== 'out_of_memory' || count === 1) throw error;
      most = Math.floor(count / 2);
      onHalved(most);
    }
  }
}
