import { stat } from 'node:fs/promises';
import { join, posix, resolve } from 'node:path';
import { AppError, isAppError } from '#lib/errors/app-error.ts';
import { formatTextSpec, isTextFile, parseTextSpec } from '#gpu-worker/text/text-spec.ts';
import { coderFilesWanted, embedderFiles, modelFiles, textFilesWanted } from './files-wanted.ts';
import { parseHubName } from './hub-name.ts';
import { fetchSnapshot, type FilesWanted, type SnapshotOptions } from './snapshot.ts';

const HUB_PREFIX = 'hf:';

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

/** The folder of a sentence embedder, likewise. */
export function locateEmbedder(name: string, options: SnapshotOptions): Promise<Located> {
  return locate(name, embedderFiles(name), options);
}

/** The folder of a sparse coder, likewise. */
export function locateCoder(name: string, options: SnapshotOptions): Promise<Located> {
  return locate(name, coderFilesWanted(name), options);
}

/**
 * The location of a text that a user named, on this machine: `hf:org/name[@revision][:path]` is fetched, path being one
 * file or a folder; anything else is as it was. Throws AppError.
 */
export async function locateText(location: string, options: SnapshotOptions): Promise<string> {
  const spec = parseTextSpec(location);
  if (!spec.place.startsWith(HUB_PREFIX)) return location;
  const name = parseHubName(spec.place.slice(HUB_PREFIX.length), 'dataset');
  if (name === null) throw new AppError('bad_request', `${spec.place} is not hf:org/name[@revision][:path].`, { field: 'text' });
  const file = isTextFile(name.subfolder) ? posix.basename(name.subfolder) : null;
  const folder = file === null ? name.subfolder : name.subfolder.slice(0, -file.length).replace(/\/$/, '');
  const { dir } = await fetchSnapshot({ ...name, subfolder: folder }, textFilesWanted(spec.place, file, spec.split), options);
  return formatTextSpec({ ...spec, place: file === null ? dir : join(dir, file) });
}

async function locate(name: string, wanted: FilesWanted, options: SnapshotOptions): Promise<Located> {
  const dir = resolve(name);
  const found = await stat(dir).catch(() => null);
  if (found?.isDirectory()) return { dir, commit: null };
  const onHub = found ? null : parseHubName(name);
  if (onHub) return fetchSnapshot(onHub, wanted, options).catch((error: unknown) => rethrowUnreached(name, error));
  throw new AppError(
    'not_found',
    found
      ? `${name} is a file; a folder is expected.`
      : `There is no folder ${name}, and it is not org/name[@revision][:subfolder] on the hub. What is bundled lies in models/, such as models/presidents-4m.`,
  );
}

/** A misspelt folder looks like a name on the hub: where that cannot be asked, both are said. */
function rethrowUnreached(name: string, error: unknown): never {
  if (!isAppError(error) || error.code !== 'upstream_failed') throw error;
  throw new AppError('upstream_failed', `There is no folder ${name} here. ${error.message}`, { retryable: error.retryable, cause: error });
}
