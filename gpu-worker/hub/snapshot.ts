import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { z } from 'zod';
import { AppError, isAppError } from '#lib/errors/app-error.ts';
import { downloadFile } from './download-file.ts';
import { withFileLock } from './file-lock.ts';
import type { HubName } from './hub-name.ts';
import { fileUrl, listRepository, resolveCommit, type HubAccess, type HubFile } from './repository.ts';

export interface SnapshotOptions extends HubAccess {
  /** The cache's folder. */
  cacheDir: string;
  /** Hears what is being fetched. */
  say(sentence: string): void;
}

/** The files wanted of a folder, asked for in turns: some tell which others are needed. */
export interface FilesWanted {
  /** Part of the cache's keys: `model`, `coder`, or `text` with what was asked of it. */
  kind: string;
  /**
   * Names of files, relative to the folder: those to have first. Throws AppError when the folder has not what is
   * needed; `deeper` lists everything below the folder, for the sentence.
   */
  first(names: readonly string[], deeper: () => Promise<string[]>): Promise<string[]> | string[];
  /** Names of further files, once the first lie in `dir`. */
  then(dir: string): Promise<string[]>;
}

/** Files of one commit on disk. */
export interface Snapshot {
  /** The folder asked for. */
  dir: string;
  commit: string;
}

const manifestSchema = z.array(z.object({ name: z.string(), size: z.number() }));
const COMMIT = /^[0-9a-f]{40}$/;

/**
 * The files wanted of a folder on the hub, fetched into the cache as far as they are not there. A commit that lies here
 * needs no network; a branch or tag falls back to the commit it was last time when the hub cannot be reached, and says
 * so. Throws AppError as `hubError` and `wanted` say.
 *
 * The cache is `<commit>/<org>/<name>/<path>`: real files, as the runtime follows no links, below the repository's own
 * name, which some formats read.
 */
export async function fetchSnapshot(name: HubName, wanted: FilesWanted, options: SnapshotOptions): Promise<Snapshot> {
  const commit = await commitOf(name, options);
  const root = join(options.cacheDir, commit, name.repo);
  const dir = join(root, name.subfolder);
  const manifest = join(root, '.fetched', `${createHash('sha256').update(`${wanted.kind}:${name.subfolder}`).digest('hex').slice(0, 16)}.json`);
  if (await isComplete(dir, manifest)) return { dir, commit };
  const files = new Map((await listRepository(name, commit, name.subfolder, false, options)).map((file) => [file.path, file]));
  const below = (path: string): string => posix.relative(name.subfolder, path);
  const deeper = async (): Promise<string[]> => (await listRepository(name, commit, name.subfolder, true, options)).map(({ path }) => below(path));
  const fetched: { name: string; size: number }[] = [];
  const have = async (names: readonly string[]): Promise<void> => {
    for (const file of names) {
      const path = posix.join(name.subfolder, file);
      const found = files.get(path) ?? (await inFolder(name, commit, path, options));
      if (!found) throw new AppError('not_found', `${name.repo} has no file ${path} at commit ${commit}.`);
      await fetchFile(name, commit, found, join(dir, file), options);
      fetched.push({ name: file, size: found.size });
    }
  };
  await have(await wanted.first([...files.keys()].map(below), deeper));
  await have(await wanted.then(dir));
  await writeWhole(manifest, JSON.stringify(fetched));
  return { dir, commit };
}

async function commitOf(name: HubName, options: SnapshotOptions): Promise<string> {
  if (COMMIT.test(name.revision)) return name.revision;
  const memory = join(options.cacheDir, 'revisions', name.repo, encodeURIComponent(name.revision));
  try {
    const commit = await resolveCommit(name, options);
    await writeWhole(memory, commit);
    return commit;
  } catch (error) {
    const known = isAppError(error) && error.code === 'upstream_failed' ? await readFile(memory, 'utf8').catch(() => null) : null;
    if (known === null || !COMMIT.test(known)) throw error;
    options.say(`The hub does not answer; ${name.repo}@${name.revision} is taken as it was last time, commit ${known}.`);
    return known;
  }
}

/** A file of a sub-folder: the first listing holds one level. */
async function inFolder(name: HubName, commit: string, path: string, options: SnapshotOptions): Promise<HubFile | undefined> {
  const folder = posix.dirname(path);
  if (folder === name.subfolder || folder === '.') return undefined;
  return (await listRepository(name, commit, folder, false, options)).find((file) => file.path === path);
}

async function fetchFile(name: HubName, commit: string, file: HubFile, target: string, options: SnapshotOptions): Promise<void> {
  const there = await stat(target).catch(() => null);
  if (there?.size === file.size) return;
  // Two processes that want the same file must not both append to it: the second waits, and finds it there.
  const fetchIt = async (signal: AbortSignal): Promise<void> => {
    if ((await stat(target).catch(() => null))?.size === file.size) return;
    if (file.size > 1e6) options.say(`Fetching ${file.path} of ${name.repo} (${(file.size / 1e6).toFixed(1)} MB) …`);
    const { endpoint, token } = options;
    await downloadFile(fileUrl(name, commit, file.path, options), target, file, { endpoint, repo: name.repo, what: `the file ${file.path}`, token }, signal);
  };
  await withFileLock(target, fetchIt, { say: options.say });
}

/** Whether everything that was fetched for this folder once is still there. */
async function isComplete(dir: string, manifest: string): Promise<boolean> {
  const text = await readFile(manifest, 'utf8').catch(() => null);
  if (text === null) return false;
  const sizes = await Promise.all(
    manifestSchema.parse(JSON.parse(text)).map(async ({ name, size }) => (await stat(join(dir, name)).catch(() => null))?.size === size),
  );
  return sizes.every(Boolean);
}

async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, text);
  await rename(draft, path);
}
