import { z } from 'zod';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import {
  openLatentRecords,
  writeLatentRecords,
  type LatentRecord,
  type RecordFormat,
  type RecordValues,
} from '#gpu-worker/activations/records/latent-records.ts';
import type { CoderEntry } from '#gpu-worker/activations/store/manifest.ts';
import type { NearestLists, Neighbour } from './nearest-lists.ts';

/** Neighbours kept for each latent. */
export const NEIGHBOURS = 50;
export const NEIGHBOUR_KINDS = ['decoder', 'encoder', 'co-occurrence'] as const;
export type NeighbourKind = (typeof NEIGHBOUR_KINDS)[number];

const LAYOUT = { found: { kind: 'u32', length: 1 }, index: { kind: 'u32', length: NEIGHBOURS }, score: { kind: 'f32', length: NEIGHBOURS } } as const;
const aboutSchema = z.object({
  by: z.enum(NEIGHBOUR_KINDS),
  /** Rows that were counted, fewer than the store has for an estimate; null where no rows were. */
  rows: z.number().int().nonnegative().nullable(),
});
type About = z.infer<typeof aboutSchema>;
const FORMAT: RecordFormat<typeof LAYOUT, About> = { format: 'latent-atlas neighbours', version: 1, layout: LAYOUT, about: aboutSchema };

/** Where a coder's neighbours of a kind lie: beside its activations. `revision`: of the coder's weights where these decide, else empty. */
export function neighboursKey({ file, key }: Pick<CoderEntry, 'file' | 'key'>, by: NeighbourKind, revision: string): string {
  const hash = contentKey({ version: ALGORITHM_VERSIONS.neighbours, activations: key, file: file.sha256, by, revision, k: NEIGHBOURS });
  return `${file.path.slice(0, file.path.lastIndexOf('/'))}/neighbours-${by}-${hash}.bin`;
}

/** Writes the lists of latents 0 to `width` − 1, of `NEIGHBOURS` at most. */
export async function writeNeighbours(store: ArtifactStore, key: string, lists: NearestLists, width: number, about: About): Promise<void> {
  function* records(): Generator<RecordValues<typeof LAYOUT>> {
    for (let latent = 0; latent < width; latent++) {
      const nearest = lists.nearest(latent);
      const column = (of: (neighbour: Neighbour) => number): number[] => Array.from({ length: NEIGHBOURS }, (_, i) => (nearest[i] ? of(nearest[i]) : 0));
      yield { found: [nearest.length], index: column(({ index }) => index), score: column(({ score }) => score) };
    }
  }
  await writeLatentRecords(store, key, FORMAT, records(), () => about);
}

export interface NeighboursFile {
  about: About;
  /** Nearest first; one ranged read. */
  latent(latent: number): Promise<Neighbour[]>;
  /** Of some latents, in the order asked for: one ranged read for each stretch of latents that follow one another. */
  latents(latents: readonly number[]): Promise<Neighbour[][]>;
  close(): Promise<void>;
}

/** Opens the neighbours of one kind. Throws what `openLatentRecords` throws. */
export async function openNeighboursFile(store: ArtifactStore, key: string): Promise<NeighboursFile> {
  const file = await openLatentRecords(store, key, FORMAT);
  return {
    about: file.about,
    latent: async (latent) => listOf(await file.record(latent)),
    latents: async (latents) => (await file.records(latents)).map(listOf),
    close: () => file.close(),
  };
}

function listOf({ found, index, score }: LatentRecord<typeof LAYOUT>): Neighbour[] {
  return Array.from({ length: found[0]! }, (_, i) => ({ index: index[i]!, score: score[i]! }));
}
