import type { ArtifactStore } from '#platform/artifacts/types.ts';
import type { CoderEntry } from '#gpu-worker/activations/store/manifest.ts';
import type { CoderActivations } from '#gpu-worker/activations/store/types.ts';
import type { Device } from '#gpu-worker/model/onnx.ts';
import type { SparseCoder } from '#gpu-worker/sparse-coder/coder.ts';
import { coOccurrence } from './co-occurrence.ts';
import { cosineNeighbours, type CoderSide } from './cosine.ts';
import { NEIGHBOURS, neighboursKey, openNeighboursFile, writeNeighbours } from './neighbours-file.ts';
import { neighboursIndexKey, type NeighboursIndex } from './neighbours-index.ts';

export interface CoderNeighboursRequest {
  entry: CoderEntry;
  activations: CoderActivations;
  /** Whose rows are compared. */
  coder: SparseCoder;
  threads?: number | undefined;
  device?: Device;
  /** Bytes that co-occurrence may take beside its lists. */
  budget?: number;
  /** Called often with how many latents of `3 · width` are done: lets others work, and may throw to stop. */
  breathe(done: number): Promise<void>;
}

type Kind = NeighboursIndex['kinds']['decoder'];

/**
 * Finds the neighbours of every latent by co-occurrence, decoder and encoder, and writes them with their index, last; kinds
 * that stand are not found again. Returns the index's key. A coder without a matrix has no neighbours by it, and the index
 * says why. Throws what reading the activations throws.
 */
export async function writeCoderNeighbours(store: ArtifactStore, request: CoderNeighboursRequest): Promise<string> {
  const { entry, activations, coder, breathe } = request;
  const key = neighboursIndexKey(entry, coder.revision);
  if (await store.has(key)) return key;
  const { width } = activations;
  const index: NeighboursIndex = {
    format: 'latent-atlas neighbours of a coder',
    version: 1,
    width,
    kinds: {
      'co-occurrence': await byTokens(store, request),
      decoder: await bySide(store, request, 'decoder', (done) => breathe(width + done)),
      encoder: await bySide(store, request, 'encoder', (done) => breathe(2 * width + done)),
    },
  };
  await store.write(key, Buffer.from(`${JSON.stringify(index, null, 2)}\n`));
  return key;
}

async function byTokens(store: ArtifactStore, { entry, activations, budget, breathe }: CoderNeighboursRequest): Promise<Kind> {
  const by = 'co-occurrence';
  const file = neighboursKey(entry, by, '');
  if (await store.has(file)) {
    const standing = await openNeighboursFile(store, file);
    await standing.close();
    return { file, rows: standing.about.rows, all_rows: activations.rows };
  }
  const { lists, rows } = await coOccurrence(activations, NEIGHBOURS, { ...(budget === undefined ? {} : { budget }), breathe });
  await writeNeighbours(store, file, lists, activations.width, { by, rows });
  return { file, rows, all_rows: activations.rows };
}

async function bySide(
  store: ArtifactStore,
  { entry, coder, threads, device }: CoderNeighboursRequest,
  by: CoderSide,
  breathe: (done: number) => Promise<void>,
): Promise<Kind> {
  if (coder[by] === null) return { missing: `The coder has no ${by} matrix: its latents are the elements themselves, all at right angles.` };
  const file = neighboursKey(entry, by, coder.revision);
  if (!(await store.has(file))) {
    const lists = await cosineNeighbours(coder, by, NEIGHBOURS, { threads, ...(device ? { device } : {}), breathe });
    await writeNeighbours(store, file, lists, coder.width, { by, rows: null });
  }
  return { file, rows: null, all_rows: null };
}
