import { z } from 'zod';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { encodeTypedFile, readTypedFile } from './typed-file.ts';

const metaSchema = z.object({ dimensions: z.number().int().positive() });

/** Windows embedded, and written, at a time: some seconds of work. */
export const WINDOW_BATCH = 1024;

export const windowShardCount = (windows: number): number => Math.ceil(windows / WINDOW_BATCH);

export const windowShardKey = (key: string, shard: number): string => `windows/${key}/shard-${String(shard).padStart(5, '0')}.bin`;

/** Sentence vectors of windows, each embedded once whatever the number of latents that use it. */
export interface WindowEmbeddings {
  dimensions: number;
  /** The windows that were embedded, by the place of their first token, ascending. */
  origins: Uint32Array;
  /** [windows, dimensions] row-major, each of length 1. */
  vectors: Float32Array;
  /** Row of a window, or −1 when it was not embedded. */
  rowOf(window: number): number;
  /** The unit vector of a window, or null when it was not embedded. */
  vector(window: number): Float32Array | null;
}

/** `origins` ascending, `vectors` in their order. */
export function windowEmbeddings(origins: Uint32Array, vectors: Float32Array): WindowEmbeddings {
  const dimensions = Math.max(1, vectors.length / Math.max(1, origins.length));
  const rowOf = (window: number): number => {
    let [low, high] = [0, origins.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (origins[middle]! < window) low = middle + 1;
      else high = middle;
    }
    return origins[low] === window ? low : -1;
  };
  return {
    dimensions,
    origins,
    vectors,
    rowOf,
    vector(window) {
      const row = rowOf(window);
      return row < 0 ? null : vectors.subarray(row * dimensions, (row + 1) * dimensions);
    },
  };
}

export async function writeWindowShard(store: ArtifactStore, key: string, shard: number, windows: Uint32Array, vectors: Float32Array): Promise<void> {
  const dimensions = vectors.length / Math.max(1, windows.length);
  await store.write(windowShardKey(key, shard), encodeTypedFile({ dimensions: Math.max(1, dimensions) }, { windows, vectors }));
}

/** Shards hold ascending windows, in ascending order. Throws AppError `not_found`, or `corrupt_file` naming the shard. */
export async function readWindowEmbeddings(store: ArtifactStore, key: string, shards: number): Promise<WindowEmbeddings> {
  const parts: { windows: Uint32Array; vectors: Float32Array }[] = [];
  for (let shard = 0; shard < shards; shard++) {
    const file = await readTypedFile(store, windowShardKey(key, shard), (meta) => metaSchema.parse(meta));
    parts.push({ windows: file.column('windows') as Uint32Array, vectors: file.column('vectors') as Float32Array });
  }
  const total = (lengths: number[]): number => lengths.reduce((sum, length) => sum + length, 0);
  const origins = new Uint32Array(total(parts.map(({ windows }) => windows.length)));
  const vectors = new Float32Array(total(parts.map((part) => part.vectors.length)));
  let [window, value] = [0, 0];
  for (const part of parts) {
    origins.set(part.windows, window);
    vectors.set(part.vectors, value);
    window += part.windows.length;
    value += part.vectors.length;
  }
  return windowEmbeddings(origins, vectors);
}
