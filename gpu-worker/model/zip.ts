import { stat } from 'node:fs/promises';
import { AppError } from '#lib/errors/app-error.ts';
import { readRange } from './file-range.ts';

/** One file in a zip archive: where its bytes lie, as stored or deflated. */
export interface ZipMember {
  name: string;
  deflated: boolean;
  /** First byte of its data in the archive. */
  offset: number;
  /** Bytes in the archive. */
  packedSize: number;
  /** Bytes once unpacked. */
  size: number;
}

// An .npz holds a handful of arrays; the directory of a thousand takes about 100 kB.
const MAX_MEMBERS = 4096;
const MAX_DIRECTORY_BYTES = 4 * 1024 * 1024;
const END_BYTES = 22;
const MAX_COMMENT = 65_535;
const SIGNATURE = { end: 0x06054b50, end64Locator: 0x07064b50, end64: 0x06064b50, directory: 0x02014b50, local: 0x04034b50 };

/**
 * The members of a zip archive by its central directory, zip64 included: local headers may hold placeholders. Throws
 * AppError 'corrupt_file' when the file is no sound archive, 'unsupported' for encryption or another compression.
 */
export async function listZip(path: string): Promise<ZipMember[]> {
  const { size } = await stat(path);
  const { count, start, length } = await findDirectory(path, size);
  if (count > MAX_MEMBERS || length > MAX_DIRECTORY_BYTES || start + length > size) throw corrupt(path, 'its directory does not fit the file');
  const directory = new DataView((await readRange(path, start, length)).buffer);
  const members: ZipMember[] = [];
  for (let at = 0, i = 0; i < count; i++) {
    if (at + 46 > length || directory.getUint32(at, true) !== SIGNATURE.directory) throw corrupt(path, 'its directory is damaged');
    const nameBytes = directory.getUint16(at + 28, true);
    const extraBytes = directory.getUint16(at + 30, true);
    const end = at + 46 + nameBytes + extraBytes + directory.getUint16(at + 32, true);
    if (end > length) throw corrupt(path, 'its directory is damaged');
    members.push(await readEntry(path, size, directory, at, nameBytes, extraBytes));
    at = end;
  }
  return members;
}

async function readEntry(path: string, fileSize: number, directory: DataView, at: number, nameBytes: number, extraBytes: number): Promise<ZipMember> {
  const name = new TextDecoder().decode(new Uint8Array(directory.buffer, at + 46, nameBytes));
  const method = directory.getUint16(at + 10, true);
  if (directory.getUint16(at + 8, true) & 1) throw new AppError('unsupported', `${path}: ${name} is encrypted.`);
  if (method !== 0 && method !== 8)
    throw new AppError('unsupported', `${path}: ${name} is compressed by method ${method}; stored and deflated members are supported.`);
  // Sizes and offset that do not fit 32 bits stand in the zip64 field, in this order, only where the placeholder is.
  const large = zip64Values(directory, at + 46 + nameBytes, extraBytes);
  const read = (offset: number): number => {
    const value = directory.getUint32(offset, true);
    if (value !== 0xffffffff) return value;
    const wide = large.shift();
    if (wide === undefined) throw corrupt(path, `${name} has no size`);
    return wide;
  };
  const size = read(at + 24);
  const packedSize = read(at + 20);
  const headerAt = read(at + 42);
  if (headerAt + 30 > fileSize) throw corrupt(path, `${name} lies beyond its end: it was cut short`);
  const local = new DataView((await readRange(path, headerAt, 30)).buffer);
  if (local.getUint32(0, true) !== SIGNATURE.local) throw corrupt(path, `${name} does not begin where the directory says`);
  const offset = headerAt + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  if (offset + packedSize > fileSize) throw corrupt(path, `${name} ends beyond the file: it was cut short`);
  if (method === 0 && size !== packedSize) throw corrupt(path, `${name} is stored in ${packedSize} bytes but claims ${size}`);
  return { name, deflated: method === 8, offset, packedSize, size };
}

async function findDirectory(path: string, size: number): Promise<{ count: number; start: number; length: number }> {
  const tailBytes = Math.min(size, END_BYTES + MAX_COMMENT);
  const tail = new DataView((await readRange(path, size - tailBytes, tailBytes)).buffer);
  let at = tailBytes - END_BYTES;
  while (at >= 0 && tail.getUint32(at, true) !== SIGNATURE.end) at--;
  if (at < 0) throw corrupt(path, 'it has no directory: it was cut short or is no zip archive');
  const plain = { count: tail.getUint16(at + 10, true), length: tail.getUint32(at + 12, true), start: tail.getUint32(at + 16, true) };
  const locator = at - 20;
  if (locator < 0 || tail.getUint32(locator, true) !== SIGNATURE.end64Locator) return plain;
  const end64At = Number(tail.getBigUint64(locator + 8, true));
  if (end64At + 56 > size) throw corrupt(path, 'its zip64 directory lies beyond its end');
  const end64 = new DataView((await readRange(path, end64At, 56)).buffer);
  if (end64.getUint32(0, true) !== SIGNATURE.end64) throw corrupt(path, 'its zip64 directory is damaged');
  return { count: Number(end64.getBigUint64(32, true)), length: Number(end64.getBigUint64(40, true)), start: Number(end64.getBigUint64(48, true)) };
}

function zip64Values(directory: DataView, start: number, bytes: number): number[] {
  for (let at = start; at + 4 <= start + bytes;) {
    const length = directory.getUint16(at + 2, true);
    if (directory.getUint16(at, true) === 1 && at + 4 + length <= start + bytes) {
      return Array.from({ length: Math.floor(length / 8) }, (_, i) => Number(directory.getBigUint64(at + 4 + 8 * i, true)));
    }
    at += 4 + length;
  }
  return [];
}

function corrupt(path: string, what: string): AppError {
  return new AppError('corrupt_file', `${path} is not a sound zip archive: ${what}.`);
}
