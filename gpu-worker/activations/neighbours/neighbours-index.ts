import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import type { CoderEntry } from '#gpu-worker/activations/store/manifest.ts';
import { NEIGHBOURS } from './neighbours-file.ts';

const kindSchema = z.union([
  z.object({
    file: z.string(),
    /** Rows that were counted and rows that there are; null where none were counted. Fewer than all: the scores are estimates. */
    rows: z.number().int().nullable(),
    all_rows: z.number().int().nullable(),
  }),
  /** Why there are none of this kind, in a sentence. */
  z.object({ missing: z.string() }),
]);

/** All kinds of neighbours of a coder's latents on some rows, each in a file of its own. */
export const neighboursIndexSchema = z.object({
  format: z.literal('latent-atlas neighbours of a coder'),
  version: z.literal(1),
  width: z.number().int().nonnegative(),
  kinds: z.object({ 'co-occurrence': kindSchema, decoder: kindSchema, encoder: kindSchema }),
});
export type NeighboursIndex = z.infer<typeof neighboursIndexSchema>;

/** Where the index lies: beside the coder's activations. `revision`: of the coder's weights. */
export function neighboursIndexKey({ file, key }: Pick<CoderEntry, 'file' | 'key'>, revision: string): string {
  const hash = contentKey({ version: ALGORITHM_VERSIONS.neighbours, activations: key, file: file.sha256, revision, k: NEIGHBOURS, index: 1 });
  return `${file.path.slice(0, file.path.lastIndexOf('/'))}/neighbours-${hash}.json`;
}

/** Throws AppError 'not_found', or 'corrupt_file' naming the key. */
export async function readNeighboursIndex(store: ArtifactStore, key: string): Promise<NeighboursIndex> {
  const bytes = await store.read(key);
  try {
    return neighboursIndexSchema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    throw new AppError('corrupt_file', `The artifact ${key} is damaged: it is not what was written. Delete it and run the stage again.`, { cause });
  }
}
