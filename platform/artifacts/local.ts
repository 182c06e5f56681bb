import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, lstat, mkdir, open, readdir, rename, rm, rmdir, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { isOver, thisProcess } from './processes.ts';
import { checkRange, checkedContent, damaged, keySegments, missing, sealing, sha256, sumInTrailer, trailerBytes } from './trailer.ts';
import type { ArtifactFacts, ArtifactStore, OpenArtifact } from './types.ts';

/** Files being written lie here; what a killed process left is swept out, one that cannot be seen from here after a day. */
const INCOMING = '.incoming';
const PLACE_ATTEMPTS = 5;
const STALE_MS = 24 * 3600 * 1000;
const writerSchema = z.tuple([z.string(), z.string(), z.number().int(), z.string()]);
const DRAFT = /^([A-Za-z0-9_-]+)\.[0-9a-f]+$/;

/** Artifacts as files under `root`, on one machine or a shared disk. Made when first written to. */
export function createLocalArtifacts(root: string): ArtifactStore {
  const base = path.resolve(root);
  let swept = false;

  async function locate(key: string): Promise<string> {
    const segments = keySegments(key);
    let file = base;
    for (const segment of segments) {
      file = path.join(file, segment);
      const found = await lstat(file).catch(ignoreMissing);
      if (found === null) break;
      if (found.isSymbolicLink())
        throw new AppError('forbidden', `The artifact ${key} leads through the link ${file}: artifacts are never read or written through links.`);
    }
    return path.join(base, ...segments);
  }

  /** Open for reading, with the length of the content and its sum; throws when missing or cut short. */
  async function openContent(key: string): Promise<{ file: FileHandle; length: number; sum: string | null }> {
    const location = await locate(key);
    const file = await open(location, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
      ignoreMissing(error);
      throw missing(key, error);
    });
    try {
      const trailer = trailerBytes(key);
      const length = (await file.stat()).size - trailer;
      if (length < 0) throw damaged(key, 'it is cut short');
      return { file, length, sum: trailer === 0 ? null : sumInTrailer(key, await readExactly(file, key, length, trailer)) };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async function openArtifact(key: string): Promise<OpenArtifact> {
    const { file, length } = await openContent(key);
    return {
      bytes: length,
      async read(offset, wanted, into) {
        checkRange(key, length, offset, wanted);
        return readExactly(file, key, offset, wanted, into);
      },
      close: () => file.close(),
    };
  }

  async function sweep(): Promise<void> {
    if (swept) return;
    swept = true;
    const folder = path.join(base, INCOMING);
    for (const name of await readdir(folder)) {
      const file = path.join(folder, name);
      const found = await stat(file).catch(ignoreMissing);
      if (found && (writerIsOver(name) || Date.now() - found.mtimeMs > STALE_MS)) await rm(file, { force: true });
    }
  }

  /** Writes a whole file under a name of its own, then lets `place` give it the key's. */
  async function put<T>(
    key: string,
    content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    place: (draft: string, target: string) => Promise<T>,
  ): Promise<{ facts: ArtifactFacts; placed: T }> {
    const target = await locate(key);
    const draft = path.join(base, INCOMING, draftName());
    try {
      await mkdir(path.join(base, INCOMING), { recursive: true });
      await sweep();
      const file = await open(draft, 'wx');
      const sealed = sealing(key);
      try {
        const flush = flushing(file);
        // While one chunk is written the next is made.
        let writing: Promise<void> = Promise.resolve();
        try {
          for await (const chunk of sealed.seal(content)) {
            await writing;
            writing = writeFully(file, chunk);
            writing.catch(() => undefined);
            flush.written(chunk.byteLength);
          }
        } finally {
          await writing;
        }
        await flush.end();
      } finally {
        await file.close();
      }
      for (let attempt = 1; ; attempt++) {
        try {
          await mkdir(path.dirname(target), { recursive: true });
          return { facts: sealed.facts(), placed: await place(draft, target) };
        } catch (error) {
          // Another process has just deleted the last file in that folder, and the folder with it.
          if (attempt === PLACE_ATTEMPTS || ignoreMissing(error) !== null) throw error;
        }
      }
    } catch (error) {
      await rm(draft, { force: true });
      throw isFull(error) ? full(key, base, error) : error;
    }
  }

  return {
    async has(key) {
      const found = await lstat(await locate(key)).catch(ignoreMissing);
      return found !== null && found.isFile();
    },

    async facts(key) {
      if ((await lstat(await locate(key)).catch(ignoreMissing)) === null) return null;
      const { file, length, sum } = await openContent(key);
      try {
        return { bytes: length, sha256: sum ?? sha256(await readExactly(file, key, 0, length)) };
      } finally {
        await file.close();
      }
    },

    async read(key) {
      const { file, length } = await openContent(key);
      try {
        return checkedContent(key, await readExactly(file, key, 0, length + trailerBytes(key)));
      } finally {
        await file.close();
      }
    },

    async readRange(key, offset, length) {
      const artifact = await openArtifact(key);
      try {
        return await artifact.read(offset, length);
      } finally {
        await artifact.close();
      }
    },

    open: openArtifact,

    async write(key, bytes) {
      return (await put(key, bytes instanceof Uint8Array ? [bytes] : bytes, rename)).facts;
    },

    async create(key, bytes) {
      const { placed } = await put(key, [bytes], async (draft, target) => {
        // A hard link fails where a name stands, and a reader never sees half a file, as with an exclusive open.
        const made = await link(draft, target).then(
          () => true,
          (error: unknown) => {
            if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
            throw error;
          },
        );
        await rm(draft, { force: true });
        return made;
      });
      return placed;
    },

    async list(folder) {
      const start = folder === undefined ? base : await locate(folder);
      const entries = await readdir(start, { recursive: true, withFileTypes: true }).catch((error: unknown) => ignoreMissing(error) ?? []);
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(base, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
        .filter((key) => !key.startsWith(`${INCOMING}/`))
        .sort();
    },

    async delete(key) {
      const file = await locate(key);
      await rm(file, { force: true });
      for (let folder = path.dirname(file); folder !== base; folder = path.dirname(folder)) {
        if (!(await removeEmpty(folder))) break;
      }
    },
  };
}

/** Names its writer, so that a draft goes as soon as that is known to be over. */
function draftName(): string {
  const { host, space, pid, began } = thisProcess();
  return `${Buffer.from(JSON.stringify([host, space, pid, began])).toString('base64url')}.${randomBytes(12).toString('hex')}`;
}

function writerIsOver(name: string): boolean {
  const writer = writerSchema.safeParse(jsonOf(DRAFT.exec(name)?.[1] ?? ''));
  if (!writer.success) return false;
  const [host, space, pid, began] = writer.data;
  return isOver({ host, space, pid, began });
}

/** Null for what is none: anybody may have put a file there. */
function jsonOf(encoded: string): unknown {
  try {
    return JSON.parse(Buffer.from(encoded, 'base64url').toString());
  } catch {
    return null;
  }
}

/** Whether it could go; one that holds something, or that another process has just removed, stays as it is. */
async function removeEmpty(folder: string): Promise<boolean> {
  return rmdir(folder).then(
    () => true,
    () => false,
  );
}

/** One read call returns at most 2 GiB, and less when it likes. */
const READ_LIMIT = 1 << 30;
/** Handed to the disk at a time while a file is being written. */
const FLUSH_BYTES = 1 << 25;

async function readExactly(file: FileHandle, key: string, offset: number, length: number, into?: Buffer): Promise<Buffer> {
  const bytes = into?.subarray(0, length) ?? Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, Math.min(length - done, READ_LIMIT), offset + done);
    if (bytesRead === 0) throw damaged(key, 'it ends early');
    done += bytesRead;
  }
  return bytes;
}

/** Has the disk begin while more is being made: all at the end would double the time of a large file. */
function flushing(file: FileHandle): { written(bytes: number): void; end(): Promise<void> } {
  let [since, busy] = [0, false];
  let flushed: Promise<void> = Promise.resolve();
  return {
    written(bytes) {
      since += bytes;
      if (since < FLUSH_BYTES || busy) return;
      [since, busy] = [0, true];
      flushed = file.datasync().finally(() => (busy = false));
      // Thrown at the end, when it is waited for.
      flushed.catch(() => undefined);
    },
    async end() {
      await flushed;
      // The name must not outlive the content when the power goes.
      await file.datasync();
    },
  };
}

async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const { bytesWritten } = await file.write(bytes, done, Math.min(bytes.byteLength - done, READ_LIMIT));
    done += bytesWritten;
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

function full(key: string, base: string, cause: unknown): AppError {
  return new AppError(
    'out_of_space',
    `The disk is full: ${key} could not be written under ${base}, and nothing of it was kept. Make room and start again; what is finished is not done again.`,
    { cause },
  );
}

/** Null for “no such file”; throws anything else. */
function ignoreMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null;
  throw error;
}
