import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import type { ZipMember } from './zip.ts';

// Deflate cannot do better than 1,032 to 1; a claim beyond it is a lie.
const MAX_RATIO = 1032;

/**
 * Unpacks a deflated member to a file, once: the file's name is made from what identifies the archive (path, size, time
 * of change) and the member. It lies in a folder of the user's own under the system's temporary one. Throws AppError
 * 'corrupt_file' when the data does not unpack to the size that the archive states.
 */
export async function inflateMember(archive: string, member: ZipMember): Promise<{ file: string; offset: number; length: number }> {
  const corrupt = (what: string, cause?: unknown): AppError => new AppError('corrupt_file', `${archive}: ${member.name} ${what}.`, { cause });
  if (member.size > (member.packedSize + 16) * MAX_RATIO) throw corrupt(`claims ${member.size} bytes from ${member.packedSize}`);
  const folder = await ownFolder();
  const { size, mtimeMs } = await stat(archive);
  const key = createHash('sha256')
    .update(JSON.stringify([archive, size, mtimeMs, member]))
    .digest('hex');
  const file = join(folder, key);
  const done = { file, offset: 0, length: member.size };
  if (
    await stat(file).then(
      (found) => found.size === member.size,
      () => false,
    )
  )
    return done;
  const temporary = `${file}.${process.pid}.tmp`;
  let written = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      written += chunk.length;
      next(written > member.size ? new Error('it is longer than stated') : null, chunk);
    },
  });
  try {
    const packed = createReadStream(archive, { start: member.offset, end: member.offset + member.packedSize - 1 });
    await pipeline(packed, createInflateRaw(), limit, createWriteStream(temporary, { mode: 0o600 }));
    if (written !== member.size) throw new Error(`it unpacks to ${written} bytes, not ${member.size}`);
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw corrupt(`cannot be unpacked (${errorMessage(cause)})`, cause);
  }
  return done;
}

/** A folder nobody else can write to: on a shared machine, a file put there beforehand could stand in for ours. */
async function ownFolder(): Promise<string> {
  const { uid } = userInfo();
  const folder = join(await realpath(tmpdir()), `latent-atlas-${uid}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await lstat(folder);
  if (!found.isDirectory() || (uid >= 0 && found.uid !== uid)) throw new AppError('forbidden', `${folder} belongs to somebody else; remove it or set TMPDIR.`);
  return folder;
}
