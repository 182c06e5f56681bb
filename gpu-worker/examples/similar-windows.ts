import { encodeFloat16 } from '#lib/bytes/float16.ts';
import { VectorTable } from '#gpu-worker/embed/vector-table.ts';
import type { Origin } from './windows.ts';

/** One part of the table: it holds the windows of one side and no latents. */
const PART = 'windows';
/** Fetched beyond what is wanted, as many of the nearest fire themselves or are taken. */
const OVERFETCH = 8;

export interface EmbeddedWindows {
  dimensions: number;
  origins: readonly Origin[];
  vector(origin: Origin): Float32Array | null;
}

/** One vector index over the windows of a side, for all latents. */
export interface SimilarWindows {
  /** For each window, `count` × 8 others near in meaning, nearest first (an exact scan); none for a window without a vector. */
  near(origins: readonly Origin[], count: number): Promise<Origin[][]>;
  close(): Promise<void>;
}

/** Puts the vectors of windows, each of length 1, into an index of 16 bits a number. */
export async function openSimilarWindows({ dimensions, origins, vector }: EmbeddedWindows, options: { threads?: number } = {}): Promise<SimilarWindows> {
  const table = await VectorTable.open(dimensions, options);
  for (const [i, origin] of origins.entries()) {
    const own = vector(origin);
    if (own !== null) table.set(PART, i, origin, encodeFloat16(own));
  }
  return {
    async near(queries, count) {
      const out: Origin[][] = [];
      for (const origin of queries) {
        const query = vector(origin);
        const found = query === null ? [] : await table.nearest(query, count * OVERFETCH, null);
        out.push(found.map(({ id }) => Number(id)).filter((other) => other !== origin));
      }
      return out;
    },
    close: () => table.close(),
  };
}
