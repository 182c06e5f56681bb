import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { openNeighboursFile, type NeighbourKind, type NeighboursFile } from './neighbours-file.ts';
import type { Neighbour } from './nearest-lists.ts';
import { readNeighboursIndex, type NeighboursIndex } from './neighbours-index.ts';

export interface NearLatent {
  latent: number;
  /** Jaccard index over tokens for `co-occurrence`, else a cosine. */
  similarity: number;
}

/** The neighbours of all latents of a coder, of every kind. */
export interface Neighbours {
  readonly width: number;
  /** By kind: where its file lies and how many rows were counted, or why there are none. */
  readonly kinds: NeighboursIndex['kinds'];
  /**
   * The `count` latents nearest to one, nearest first: at most 50 are known, and only such as share a token for
   * `co-occurrence`; none for a kind that this coder does not have. One ranged read. Throws AppError 'bad_request' for a
   * latent that is not there.
   */
  nearest(latent: number, kind: NeighbourKind, count: number): Promise<NearLatent[]>;
  /** The same of some latents, in the order asked for: one ranged read for each stretch of latents that follow one another. */
  nearestOf(latents: readonly number[], kind: NeighbourKind, count: number): Promise<NearLatent[][]>;
  close(): Promise<void>;
}

/** Opens what a run's `neighboursKey` names. Throws AppError 'not_found' or 'corrupt_file' naming the artifact. */
export async function openNeighbours(artifacts: ArtifactStore, key: string): Promise<Neighbours> {
  const { width, kinds } = await readNeighboursIndex(artifacts, key);
  const files = new Map<NeighbourKind, Promise<NeighboursFile>>();
  const fileOf = (kind: NeighbourKind): Promise<NeighboursFile> | null => {
    const entry = kinds[kind];
    if (!('file' in entry)) return null;
    const known = files.get(kind) ?? openNeighboursFile(artifacts, entry.file);
    files.set(kind, known);
    return known;
  };
  const near = (list: readonly Neighbour[], count: number): NearLatent[] =>
    list.slice(0, count).map(({ index, score }) => ({ latent: index, similarity: score }));
  return {
    width,
    kinds,
    nearest: async (latent, kind, count) => near((await (await fileOf(kind))?.latent(latent)) ?? [], count),
    async nearestOf(latents, kind, count) {
      const lists = await (await fileOf(kind))?.latents(latents);
      return lists?.map((list) => near(list, count)) ?? latents.map(() => []);
    },
    async close() {
      // One that could not be opened holds nothing.
      for (const opened of await Promise.allSettled(files.values())) if (opened.status === 'fulfilled') await opened.value.close();
    },
  };
}
