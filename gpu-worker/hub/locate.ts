import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError } from '#lib/errors/app-error.ts';
import { coderFilesWanted, modelFiles } from './files-wanted.ts';
import { parseHubName } from './hub-name.ts';
import { fetchSnapshot, type FilesWanted, type SnapshotOptions } from './snapshot.ts';

/** Where something that a user named lies. */
export interface Located {
  dir: string;
  /** The hub's commit; null for a folder of the user's own. */
  commit: string | null;
}

/** The folder of a model: one here, or `org/name[@revision][:subfolder]` fetched from the hub. A folder here wins. Throws AppError. */
export function locateModel(name: string, options: SnapshotOptions): Promise<Located> {
  return locate(name, modelFiles(name), options);
}

/** The folder of a sparse coder, likewise. */
export function locateCoder(name: string, options: SnapshotOptions): Promise<Located> {
  return locate(name, coderFilesWanted(name), options);
}

async function locate(name: string, wanted: FilesWanted, options: SnapshotOptions): Promise<Located> {
  const dir = resolve(name);
  const found = await stat(dir).catch(() => null);
  if (found?.isDirectory()) return { dir, commit: null };
  const onHub = found ? null : parseHubName(name);
  if (onHub) return fetchSnapshot(onHub, wanted, options);
  throw new AppError(
    'not_found',
    found ? `${name} is a file; a folder is expected.` : `There is no folder ${name}, and it is not org/name[@revision][:subfolder] on the hub.`,
  );
}
