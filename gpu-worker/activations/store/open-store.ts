import { AppError } from '#lib/errors/app-error.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { openCoderFile, type CoderFile } from './coder-file.ts';
import { MANIFEST, readStoreManifest, type StoreManifest } from './manifest.ts';
import { openRows, type RowsFile } from './rows-file.ts';
import type { ActivationStore } from './types.ts';

export interface OpenStore extends ActivationStore {
  readonly manifest: StoreManifest;
  readonly rows: RowsFile | null;
  readonly coders: readonly CoderFile[];
  /**
   * Reads every byte that the manifest names and checks it. Throws AppError 'corrupt_file' or 'not_found' naming the
   * file and what is wrong with it.
   */
  verify(): Promise<void>;
}

/**
 * Opens a finished store by its manifest. Throws AppError 'not_found' when there is none, which is also so while it is
 * being collected.
 */
export async function openStore(store: ArtifactStore, manifestKey: string = MANIFEST): Promise<OpenStore> {
  const manifest = await readStoreManifest(store, manifestKey);
  if (manifest === null)
    throw new AppError('not_found', `There is no finished activation store here: ${manifestKey} is missing. Collect it, or let the collection go on.`);
  const opened: { close(): Promise<void> }[] = [];
  const keep = <T extends { close(): Promise<void> }>(file: T): T => {
    opened.push(file);
    return file;
  };
  const close = async (): Promise<void> => {
    for (const file of opened) await file.close();
  };
  try {
    const rows = manifest.data.file === null ? null : keep(await openRows(store, manifest.data.file.path));
    const coders: CoderFile[] = [];
    for (const { file } of manifest.coders) coders.push(keep(await openCoderFile(store, file.path)));
    return { manifest, rows, coders, verify: () => verify(store, manifest, rows, coders), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function verify(store: ArtifactStore, manifest: StoreManifest, rows: RowsFile | null, coders: readonly CoderFile[]): Promise<void> {
  for (const entry of [manifest.data, ...manifest.coders]) {
    if (entry.file === null) continue;
    const { path, bytes, sha256 } = entry.file;
    const facts = await store.facts(path);
    if (facts?.bytes !== bytes || facts.sha256 !== sha256)
      throw new AppError('corrupt_file', `The artifact ${path} is not the one that the manifest names. Delete it and collect again.`);
  }
  await rows?.verify();
  for (const [i, coder] of coders.entries()) {
    const entry = manifest.coders[i]!;
    if (coder.pairs !== entry.pairs || coder.width !== entry.width)
      throw new AppError('corrupt_file', `The artifact ${entry.file.path} holds ${coder.pairs} pairs, and the manifest says ${entry.pairs}.`);
    await coder.verify();
  }
}
