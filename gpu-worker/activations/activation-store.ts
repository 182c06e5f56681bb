import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { encodeTypedFile, openTypedFile } from './typed-file.ts';

/** What one shard of rows gave: every (latent, place, value), in order of place. */
export interface ShardPairs {
  latent: Uint32Array;
  /** row · rowLength + position, over the whole data set. */
  place: Uint32Array;
  value: Float32Array;
}

const shardMeta = z.object({ pairs: z.number().int() });
const storeMeta = z.object({ width: z.number().int(), pairs: z.number().int() });

export const shardKey = (key: string, shard: number): string => `activations/${key}/shard-${String(shard).padStart(5, '0')}.bin`;
export const storeKey = (key: string): string => `activations/${key}/by-latent.bin`;

export async function writeShard(store: ArtifactStore, key: string, shard: number, pairs: ShardPairs): Promise<void> {
  await store.write(shardKey(key, shard), encodeTypedFile({ pairs: pairs.latent.length }, { latent: pairs.latent, place: pairs.place, value: pairs.value }));
}

/**
 * Merges shards, given in order of their rows, into one file by latent (a counting sort, stable in place):
 * offsets [width + 1], then place and value [pairs]. Returns the number of pairs.
 */
export async function mergeShards(store: ArtifactStore, key: string, shards: number, width: number): Promise<number> {
  const read = async (shard: number, name: string): Promise<Uint32Array | Float32Array> => {
    const file = await openTypedFile(store, shardKey(key, shard), (meta) => shardMeta.parse(meta));
    return (await file.read(name)) as Uint32Array | Float32Array;
  };
  const offsets = new Uint32Array(width + 1);
  for (let shard = 0; shard < shards; shard++) {
    for (const latent of await read(shard, 'latent')) {
      if (latent >= width) throw new AppError('corrupt_file', `Shard ${shard} names latent ${latent} of a coder of width ${width}.`);
      (offsets as Uint32Array)[latent + 1] = (offsets[latent + 1] as number) + 1;
    }
  }
  for (let latent = 0; latent < width; latent++) offsets[latent + 1] = (offsets[latent + 1] as number) + (offsets[latent] as number);
  const pairs = offsets[width] as number;
  const next = offsets.slice();
  const place = new Uint32Array(pairs);
  const value = new Float32Array(pairs);
  for (let shard = 0; shard < shards; shard++) {
    const [latents, places, values] = [await read(shard, 'latent'), await read(shard, 'place'), await read(shard, 'value')];
    for (let i = 0; i < latents.length; i++) {
      const latent = latents[i] as number;
      const at = next[latent] as number;
      next[latent] = at + 1;
      place[at] = places[i] as number;
      value[at] = values[i] as number;
    }
  }
  await store.write(storeKey(key), encodeTypedFile({ width, pairs }, { offsets, place, value }));
  return pairs;
}

/** One latent's activations in order of place. */
export interface LatentActivations {
  latent: number;
  place: Uint32Array;
  value: Float32Array;
}

/** Reads latents [first, first + count) in two ranged reads. Throws AppError naming the artifact when it is not there. */
export async function readLatents(store: ArtifactStore, key: string, first: number, count: number): Promise<LatentActivations[]> {
  const file = await openTypedFile(store, storeKey(key), (meta) => storeMeta.parse(meta));
  const offsets = (await file.read('offsets', first, count + 1)) as Uint32Array;
  const from = offsets[0] as number;
  const total = (offsets[count] as number) - from;
  const place = (await file.read('place', from, total)) as Uint32Array;
  const value = (await file.read('value', from, total)) as Float32Array;
  return Array.from({ length: count }, (_, i) => {
    const [a, b] = [(offsets[i] as number) - from, (offsets[i + 1] as number) - from];
    return { latent: first + i, place: place.subarray(a, b), value: value.subarray(a, b) };
  });
}
