import type { CoderActivations } from '#gpu-worker/activations/store/types.ts';

/** What the lists of latents by token may take. */
export const BY_TOKEN_BYTES = 1.5 * 2 ** 30;

/** The active latents of each place of some rows: the store's lists by latent, turned round. */
export interface ByToken {
  /** Every `stride`-th row, from row 0 on: all when 1. */
  stride: number;
  rows: number;
  rowLength: number;
  /** The latents of place p are those at [begin[p], begin[p + 1]), ascending. */
  begin: Float64Array | Uint32Array;
  latents: Uint32Array | Uint16Array;
  /** Their values, where these were asked for. */
  values: Float32Array | null;
}

/**
 * The least stride of rows with which a coder's lists by token take at most `budget` bytes: rows are left out evenly, so
 * that memory does not grow with the text beyond what is given.
 */
export function strideWithin(coder: CoderActivations, { values, budget = BY_TOKEN_BYTES }: { values: boolean; budget?: number }): number {
  const pairBytes = (coder.width <= 65_536 ? 2 : 4) + (values ? 4 : 0);
  return Math.max(1, Math.ceil((coder.pairs * pairBytes + coder.rows * coder.rowLength * 12) / budget));
}

/** Turns a coder's lists round, in two sweeps. Memory: 8 or 4 bytes a place, and 2 or 4 (with values 4 more) a pair of the rows taken. */
export async function byToken(coder: CoderActivations, stride: number, withValues: boolean): Promise<ByToken> {
  const { rowLength, width } = coder;
  const rows = Math.ceil(coder.rows / stride);
  // Counted one place on, so that the running sum gives where each begins.
  const counts = new Uint32Array(rows * rowLength + 1);
  for await (const { place } of coder.sweep()) forEachTaken(place, stride, rowLength, (_, at) => counts[at + 1]!++);
  let total = 0;
  for (const count of counts) total += count;
  const begin = total < 2 ** 32 ? new Uint32Array(counts.length) : new Float64Array(counts.length);
  for (let at = 1; at < counts.length; at++) begin[at] = begin[at - 1]! + counts[at]!;
  const latents = width <= 65_536 ? new Uint16Array(total) : new Uint32Array(total);
  const values = withValues ? new Float32Array(total) : null;
  const filled = counts.fill(0);
  for await (const { latent, place, value } of coder.sweep()) {
    forEachTaken(place, stride, rowLength, (i, at) => {
      const to = begin[at]! + filled[at]!++;
      latents[to] = latent;
      if (values) values[to] = value[i]!;
    });
  }
  return { stride, rows, rowLength, begin, latents, values };
}

/** Visits those places of a latent that lie in the rows taken: with the index among its own, and the place counted over these rows alone. */
export function forEachTaken(place: Uint32Array, stride: number, rowLength: number, visit: (i: number, at: number) => void): void {
  if (stride === 1) {
    for (let i = 0; i < place.length; i++) visit(i, place[i]!);
    return;
  }
  for (let i = 0; i < place.length; i++) {
    const position = place[i]! % rowLength;
    const row = (place[i]! - position) / rowLength;
    if (row % stride === 0) visit(i, (row / stride) * rowLength + position);
  }
}
