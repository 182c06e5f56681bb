import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { decompress as decompressZstd } from 'fzstd';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';

/** Held in memory whole, as no place in a compressed file can be read on its own. */
const MAX_BYTES = 2 ** 30;

/** The bytes of a `.gz` or `.zst` file, unpacked. Throws AppError 'corrupt_file', or 'too_large' above 1 GiB. */
export async function readCompressed(file: string): Promise<Buffer> {
  const packed = await readFile(file);
  let bytes: Uint8Array;
  try {
    bytes = file.endsWith('.gz') ? gunzipSync(packed, { maxOutputLength: MAX_BYTES }) : decompressZstd(packed);
  } catch (cause) {
    // What zlib, and a buffer that cannot be had, throw for more than fits.
    if (cause instanceof RangeError) throw tooLarge(file);
    throw new AppError('corrupt_file', `${file} cannot be unpacked: ${errorMessage(cause)}`, { cause, field: 'text' });
  }
  if (bytes.length > MAX_BYTES) throw tooLarge(file);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function tooLarge(file: string): AppError {
  return new AppError('too_large', `${file} is more than 1 GiB unpacked: unpack it beforehand.`, { field: 'text' });
}

export const isCompressed = (name: string): boolean => /\.(?:gz|zst)$/.test(name);
