import { z } from 'zod';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { encodeTypedFile, openTypedFile } from './typed-file.ts';

const metaSchema = z.object({ dimensions: z.number().int().positive() });

/** Windows embedded, and written, at a time: some seconds of work. */
export const WINDOW_BATCH = 1024;

export const windowShardCount = (windows: number): number => Math.ceil(windows / WINDOW_BATCH);

export const windowShardKey = (key: string, shard: number): string => `windows/${key}/shard-${String(shard).padStart(5, '0')}.bin`;

/** Sentence vectors of the windows of a side, each window embedded once whatever the number of latents that use it. */
export interface WindowEmbeddings {
  dimensions: number;
  /** The windows that were embedded, by the place of their first token, ascending. */
  origins: readonly number[];
  /** The unit vector of a window, or null when it was not embedded. */
  vector(window: number): Float32Array | null;
}

export async function writeWindowShard(store: ArtifactStore, key: string, shard: number, windows: Uint32Array, vectors: Float32Array): Promise<void> {
  const dimensions = vectors.length / Math.max(1, windows.length);
  await store.write(windowShardKey(key, shard), encodeTypedFile({ dimensions: Math.max(1, dimensions) }, { windows, vectors }));
}

export async function readWindowEmbeddings(store: ArtifactStore, key: string, shards: number): Promise<WindowEmbeddings> {
  const vectors = new Map<number, Float32Array>();
  let dimensions = 0;
  for (let shard = 0; shard < shards; shard++) {
    const file = await openTypedFile(store, windowShardKey(key, shard), (meta) => metaSchema.parse(meta));
    dimensions = file.meta.dimensions;
    const [windows, values] = [(await file.read('windows')) as Uint32Array, (await file.read('vectors')) as Float32Array];
    windows.forEach((window, i) => vectors.set(window, values.subarray(i * dimensions, (i + 1) * dimensions)));
  }
  return { dimensions, origins: [...vectors.keys()], vector: (window) => vectors.get(window) ?? null };
}
