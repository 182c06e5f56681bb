import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '#lib/errors/app-error.ts';
import type { ArtifactStore } from './types.ts';

const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._=@-]{0,199}$/;

/**
 * Every file ends in this mark and the SHA-256 of what comes before it. In the file rather than beside it, because two
 * files cannot be renamed at once; at its end, because the sum of a stream is known last. A file cut short has no mark.
 */
const MARK = Buffer.from('\0sha256\n', 'latin1');
const TRAILER = MARK.length + 32;

/** Files being written lie here; what a killed process left is swept out after a day. */
const INCOMING = '.incoming';
const STALE_MS = 24 * 3600 * 1000;

/** Artifacts as files under `root`, on one machine or a shared disk. Made when first written to. */
export function createLocalArtifacts(root: string): ArtifactStore {
  const base = path.resolve(root);
  let swept = false;

  async function locate(key: string): Promise<string> {
    const segments = key.split('/');
    if (!segments.every((segment) => SEGMENT.test(segment))) {
      throw new AppError('bad_request', `“${key}” is not an artifact key: relative, in segments of letters, digits, dots, dashes and underscores.`);
    }
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

  /** Open for reading, with the length of the content; throws when missing or cut short. */
  async function openContent(key: string): Promise<{ file: FileHandle; length: number; sum: Buffer }> {
    const location = await locate(key);
    const file = await open(location, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
      ignoreMissing(error);
      throw new AppError('not_found', `There is no artifact ${key}.`, { cause: error });
    });
    try {
      const length = (await file.stat()).size - TRAILER;
      if (length < 0) throw corrupt(key, 'it is cut short');
      const trailer = await readExactly(file, key, length, TRAILER);
      if (!trailer.subarray(0, MARK.length).equals(MARK)) throw corrupt(key, 'it is cut short');
      return { file, length, sum: trailer.subarray(MARK.length) };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async function sweep(): Promise<void> {
    if (swept) return;
    swept = true;
    const folder = path.join(base, INCOMING);
    for (const name of await readdir(folder)) {
      const file = path.join(folder, name);
      const found = await stat(file).catch(ignoreMissing);
      if (found && Date.now() - found.mtimeMs > STALE_MS) await rm(file, { force: true });
    }
  }

  return {
    async has(key) {
      const found = await lstat(await locate(key)).catch(ignoreMissing);
      return found !== null && found.isFile();
    },

    async read(key) {
      const { file, length, sum } = await openContent(key);
      try {
        const bytes = await readExactly(file, key, 0, length);
        if (!createHash('sha256').update(bytes).digest().equals(sum)) throw corrupt(key, 'its checksum differs');
        return bytes;
      } finally {
        await file.close();
      }
    },

    async readRange(key, offset, length) {
      const content = await openContent(key);
      try {
        if (offset < 0 || length < 0 || offset + length > content.length) {
          throw new AppError('bad_request', `The artifact ${key} has ${content.length} bytes; ${offset} to ${offset + length} were asked for.`);
        }
        return await readExactly(content.file, key, offset, length);
      } finally {
        await content.file.close();
      }
    },

    async write(key, bytes) {
      const target = await locate(key);
      await mkdir(path.join(base, INCOMING), { recursive: true });
      await sweep();
      const draft = path.join(base, INCOMING, randomBytes(12).toString('hex'));
      const file = await open(draft, 'wx');
      try {
        const sum = createHash('sha256');
        for await (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) {
          sum.update(chunk);
          await writeFully(file, chunk);
        }
        await writeFully(file, Buffer.concat([MARK, sum.digest()]));
        // The name must not outlive the content when the power goes.
        await file.datasync();
        await file.close();
        await mkdir(path.dirname(target), { recursive: true });
        await rename(draft, target);
      } catch (error) {
        await file.close().catch(() => undefined);
        await rm(draft, { force: true });
        throw error;
      }
    },

    async delete(key) {
      await rm(await locate(key), { force: true });
    },
  };
}

/** One read call returns at most 2 GiB, and less when it likes. */
const READ_LIMIT = 1 << 30;

async function readExactly(file: FileHandle, key: string, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, Math.min(length - done, READ_LIMIT), offset + done);
    if (bytesRead === 0) throw corrupt(key, 'it ends early');
    done += bytesRead;
  }
  return bytes;
}

async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const { bytesWritten } = await file.write(bytes, done, Math.min(bytes.byteLength - done, READ_LIMIT));
    done += bytesWritten;
  }
}

function corrupt(key: string, how: string): AppError {
  return new AppError('corrupt_file', `The artifact ${key} is damaged: ${how}. Delete it and run the stage again.`);
}

/** Null for “no such file”; throws anything else. */
function ignoreMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null;
  throw error;
}
