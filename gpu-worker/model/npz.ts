import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import { readRange } from './file-range.ts';
import { DTYPE_BYTES, elementCount, type Dtype, type StoredTensor } from './stored-tensor.ts';
import { inflateMember } from './unpack.ts';
import { listZip } from './zip.ts';

/** An array of an .npz; column-major data means that the tensor's shape here is the array's, reversed. */
export interface NpzArray {
  tensor: StoredTensor;
  columnMajor: boolean;
}

// numpy pads headers to 64 bytes; a hundred dimensions would not fill this.
const MAX_NPY_HEADER = 64 * 1024;
const TYPES: Readonly<Record<string, Dtype>> = { '<f4': 'F32', '<f2': 'F16', '<f8': 'F64' };
const HEADER = /^\{\s*'descr':\s*'([^']*)',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(([\d,\s]*)\),?\s*\}\s*$/;

/**
 * The float arrays of a numpy `.npz` by name (without `.npy`), where they lie: a stored member is used in place, a
 * deflated one is unpacked to a temporary file first. Throws AppError 'corrupt_file', or 'unsupported' for pickled
 * objects and other number types.
 */
export async function openNpz(file: string): Promise<Map<string, NpzArray>> {
  const path = await realpath(file).catch((cause: unknown) => {
    throw new AppError('not_found', `${file} cannot be opened: ${errorMessage(cause)}`, { cause });
  });
  const arrays = new Map<string, NpzArray>();
  for (const member of await listZip(path)) {
    if (!member.name.endsWith('.npy')) continue;
    const data = member.deflated ? await inflateMember(path, member) : { file: path, offset: member.offset, length: member.size };
    const name = member.name.slice(0, -'.npy'.length);
    arrays.set(name, await readNpyHeader(name, data));
  }
  if (arrays.size === 0) throw new AppError('corrupt_file', `${path} holds no arrays.`);
  return arrays;
}

async function readNpyHeader(name: string, at: { file: string; offset: number; length: number }): Promise<NpzArray> {
  const corrupt = (what: string): AppError => new AppError('corrupt_file', `${at.file}: array ${name} ${what}.`);
  if (at.length < 12) throw corrupt('is too short for a numpy array');
  const start = await readRange(at.file, at.offset, 12);
  const view = new DataView(start.buffer);
  if (String.fromCharCode(...start.subarray(0, 6)) !== '\x93NUMPY') throw corrupt('does not begin like a numpy array');
  const longHeader = start[6] !== 1;
  const headerBytes = longHeader ? view.getUint32(8, true) : view.getUint16(8, true);
  const dataStart = (longHeader ? 12 : 10) + headerBytes;
  if (headerBytes > MAX_NPY_HEADER || dataStart > at.length) throw corrupt(`claims a header of ${headerBytes} bytes`);
  const header = new TextDecoder('latin1').decode(await readRange(at.file, at.offset + dataStart - headerBytes, headerBytes));
  const match = HEADER.exec(header);
  if (!match) throw corrupt(`has a header that is not understood (${header.trim().slice(0, 80)})`);
  const [, descr = '', order, dimensions = ''] = match;
  if (descr.startsWith('|O'))
    throw new AppError('unsupported', `${at.file}: array ${name} holds Python objects (a pickle), which can run code when it is read.`);
  const dtype = TYPES[descr];
  if (!dtype)
    throw new AppError('unsupported', `${at.file}: array ${name} holds ${descr}; little-endian floats (${Object.keys(TYPES).join(', ')}) are supported.`);
  const shape = dimensions
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(Number);
  const bytes = elementCount(shape) * DTYPE_BYTES[dtype];
  if (!Number.isSafeInteger(bytes) || bytes !== at.length - dataStart)
    throw corrupt(`of shape [${shape.join(', ')}] needs ${bytes} bytes, but ${at.length - dataStart} are there`);
  const columnMajor = order === 'True' && shape.length > 1;
  const tensor = { name: basename(name), dtype, shape: columnMajor ? shape.toReversed() : shape, file: at.file, offset: at.offset + dataStart, length: bytes };
  return { tensor, columnMajor };
}
