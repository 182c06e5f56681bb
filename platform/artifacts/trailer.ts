import { createHash } from 'node:crypto';
import { AppError } from '#lib/errors/app-error.ts';

/**
 * Every artifact ends in this mark and the SHA-256 of what comes before it. In the file rather than beside it, because two
 * files cannot be renamed at once; at its end, because the sum of a stream is known last. A file cut short has no mark.
 * A folder copied to a bucket, or back, is the same storage.
 */
const MARK = Buffer.from('\0sha256\n', 'latin1');
const TRAILER_BYTES = MARK.length + 32;

const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._=@-]{0,199}$/;

/** The segments of a key. Throws AppError `bad_request` when it is none. */
export function keySegments(key: string): string[] {
  const segments = key.split('/');
  if (!segments.every((segment) => SEGMENT.test(segment))) {
    throw new AppError('bad_request', `“${key}” is not an artifact key: relative, in segments of letters, digits, dots, dashes and underscores.`);
  }
  return segments;
}

/** Bytes behind the content of a key: none for JSON, which people and other tools read as it stands. */
export function trailerBytes(key: string): number {
  return key.endsWith('.json') ? 0 : TRAILER_BYTES;
}

/** The SHA-256 in a trailer, as hex. Throws AppError `corrupt_file` when it is none. */
export function sumInTrailer(key: string, trailer: Uint8Array): string {
  if (trailer.length !== TRAILER_BYTES || !MARK.equals(trailer.subarray(0, MARK.length))) throw damaged(key, 'it is cut short');
  return Buffer.from(trailer.subarray(MARK.length)).toString('hex');
}

/** Content and trailer, split and checked; `stored` is all that is stored under the key. */
export function checkedContent(key: string, stored: Buffer): Buffer {
  const length = stored.length - trailerBytes(key);
  if (length === stored.length) return stored;
  if (length < 0) throw damaged(key, 'it is cut short');
  const sum = sumInTrailer(key, stored.subarray(length));
  const content = stored.subarray(0, length);
  if (sha256(content) !== sum) throw damaged(key, 'its checksum differs');
  return content;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Adds the trailer to a stream as it passes, and counts. */
export function sealing(key: string): {
  seal(content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array>;
  facts(): { bytes: number; sha256: string };
} {
  const sum = createHash('sha256');
  let bytes = 0;
  let digest: Buffer | undefined;
  return {
    async *seal(content) {
      for await (const chunk of content) {
        if (chunk.byteLength === 0) continue;
        sum.update(chunk);
        bytes += chunk.byteLength;
        yield chunk;
      }
      digest = sum.digest();
      if (trailerBytes(key) > 0) yield Buffer.concat([MARK, digest]);
    },
    facts() {
      if (!digest) throw new Error('the stream has not ended');
      return { bytes, sha256: digest.toString('hex') };
    },
  };
}

export function damaged(key: string, how: string): AppError {
  return new AppError('corrupt_file', `The artifact ${key} is damaged: ${how}. Delete it and run the stage again.`);
}

export function missing(key: string, cause?: unknown): AppError {
  return new AppError('not_found', `There is no artifact ${key}.`, { cause });
}

/** Throws AppError `bad_request` for a range that does not lie in the content. */
export function checkRange(key: string, bytes: number, offset: number, length: number): void {
  if (offset < 0 || length < 0 || offset + length > bytes) {
    throw new AppError('bad_request', `The artifact ${key} has ${bytes} bytes; ${offset} to ${offset + length} were asked for.`);
  }
}
