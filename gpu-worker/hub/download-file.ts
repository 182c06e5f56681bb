import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import { hubError, statusError, type Asked } from './hub-error.ts';

/** What the finished file must be. */
export interface Expected {
  size: number;
  /** Git's id of the content (SHA-1 of "blob <size>\0" and the bytes), or SHA-256 of the bytes for large files. */
  checksum: { algorithm: 'git' | 'sha256'; hex: string };
}

/** Attempts in a row that may fail without one new byte: a line that is slow but alive is never given up. */
const FRUITLESS_ATTEMPTS = 4;
const FIRST_WAIT_MS = 250;

/**
 * Fetches a file, whole and checked, or not at all. What has arrived stays in `<target>.part`, and the next attempt,
 * of this process or a later one, goes on from there. Throws AppError 'corrupt_file' when the content is not what the
 * hub states (the part is removed), what `hubError` gives otherwise; the reason of `signal` when that is aborted.
 */
export async function downloadFile(url: string, target: string, expected: Expected, asked: Asked, signal?: AbortSignal): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const part = `${target}.part`;
  let fruitless = 0;
  for (;;) {
    signal?.throwIfAborted();
    const before = await sizeOf(part);
    try {
      await fetchRest(url, part, expected.size, asked, signal);
      break;
    } catch (error) {
      signal?.throwIfAborted();
      const failure = hubError(error, asked);
      fruitless = (await sizeOf(part)) > before ? 0 : fruitless + 1;
      if (!failure.retryable || fruitless === FRUITLESS_ATTEMPTS) throw failure;
      await delay(FIRST_WAIT_MS * 2 ** fruitless);
    }
  }
  signal?.throwIfAborted();
  const found = await checksumOf(part, expected);
  if (found !== expected.checksum.hex) {
    await rm(part);
    throw new AppError(
      'corrupt_file',
      `${asked.what} of ${asked.repo} arrived with the checksum ${found}, but the hub states ${expected.checksum.hex}: it was removed; try again.`,
      { retryable: true },
    );
  }
  await rename(part, target);
}

/** Appends what is missing. Throws AppError, or whatever `fetch` throws when the line breaks. */
async function fetchRest(url: string, part: string, size: number, asked: Asked, signal?: AbortSignal): Promise<void> {
  let have = await sizeOf(part);
  if (have > size) {
    await rm(part);
    have = 0;
  }
  if (have === size && have > 0) return;
  const response = await fetch(url, {
    signal: signal ?? null,
    headers: {
      // Compressed on the way, a range of bytes would be one of other bytes.
      'accept-encoding': 'identity',
      ...(have > 0 ? { range: `bytes=${have}-` } : {}),
      ...(asked.token === null ? {} : { authorization: `Bearer ${asked.token}` }),
    },
  });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw statusError(response.status, asked);
  }
  // A server without ranges sends everything again.
  const resumed = response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${have}-`) === true;
  const handle = await open(part, resumed ? 'a' : 'w');
  try {
    await receive(response.body, handle, size - (resumed ? have : 0), asked);
  } finally {
    await handle.close();
  }
}

async function receive(body: ReadableStream<Uint8Array>, handle: FileHandle, missing: number, asked: Asked): Promise<void> {
  let left = missing;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    left -= value.byteLength;
    if (left < 0) {
      await reader.cancel();
      throw new AppError('corrupt_file', `${asked.what} of ${asked.repo} is longer than the hub states.`);
    }
    await handle.writeFile(value);
  }
  if (left > 0) throw new Error(`the answer ended ${left} bytes early`);
}

async function checksumOf(part: string, { size, checksum }: Expected): Promise<string> {
  const hash: Hash = checksum.algorithm === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
  try {
    for await (const chunk of createReadStream(part, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  } catch (cause) {
    throw new AppError('corrupt_file', `${part} cannot be read back: ${errorMessage(cause)}`, { cause });
  }
  return hash.digest('hex');
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    (found) => found.size,
    () => 0,
  );
}
