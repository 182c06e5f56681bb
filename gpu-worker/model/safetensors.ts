import { realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import { readRange } from './file-range.ts';
import { bfloat16ToFloat32, float16ToFloat32 } from './half-floats.ts';
import { DTYPE_BYTES, elementCount, type Dtype, type StoredTensor } from './stored-tensor.ts';

// The header of a 100-layer mixture of experts takes about 12 MB a shard; parsing costs some ten times its size in memory.
const MAX_HEADER_BYTES = 32 * 1024 * 1024;
const PREFIX_BYTES = 8;

const dimension = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const entrySchema = z.object({
  dtype: z.enum(Object.keys(DTYPE_BYTES) as [Dtype, ...Dtype[]]),
  shape: z.array(dimension).max(16),
  data_offsets: z.tuple([dimension, dimension]),
});
const metadataSchema = z.record(z.string(), z.string());

export interface SafetensorsFile {
  /** Real absolute path. */
  path: string;
  /** Size of the whole file in bytes. */
  size: number;
  /** The header as it stands in the file. */
  header: Uint8Array;
  metadata: Readonly<Record<string, string>>;
  tensors: ReadonlyMap<string, StoredTensor>;
}

/**
 * Reads and checks the header of a safetensors file; no tensor is read. The tensors must fill the rest of the file
 * exactly, without gaps or overlaps, as the format demands: any other file is cut short, padded or made up.
 * Throws AppError 'not_found' when there is no such file and 'corrupt_file' naming file and tensor otherwise.
 */
export async function openSafetensors(file: string): Promise<SafetensorsFile> {
  const path = await realpath(file).catch((cause: unknown) => {
    throw new AppError('not_found', `${file} cannot be opened: ${errorMessage(cause)}`, { cause });
  });
  const { size } = await stat(path);
  if (size < PREFIX_BYTES) throw corrupt(path, `it has ${size} bytes, too few for a safetensors file`);
  const prefix = await readRange(path, 0, PREFIX_BYTES);
  const declared = new DataView(prefix.buffer).getBigUint64(0, true);
  if (declared > BigInt(size - PREFIX_BYTES))
    throw corrupt(path, `its header should take ${declared} bytes, but only ${size - PREFIX_BYTES} follow: it was cut short or is no safetensors file`);
  if (declared > BigInt(MAX_HEADER_BYTES)) throw corrupt(path, `its header claims ${declared} bytes; more than ${MAX_HEADER_BYTES} is never right`);
  const header = await readRange(path, PREFIX_BYTES, Number(declared));
  const { metadata, tensors } = parseHeader(header, path, size);
  return { path, size, header, metadata, tensors };
}

function parseHeader(header: Uint8Array, path: string, size: number): Pick<SafetensorsFile, 'metadata' | 'tensors'> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(header));
  } catch (cause) {
    throw corrupt(path, `its header is not JSON (${errorMessage(cause)})`, cause);
  }
  const object = z.record(z.string(), z.unknown()).safeParse(json);
  if (!object.success) throw corrupt(path, 'its header is not a JSON object');
  const dataStart = PREFIX_BYTES + header.byteLength;
  const tensors = new Map<string, StoredTensor>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(object.data)) {
    if (name === '__metadata__') {
      const parsed = metadataSchema.safeParse(value);
      if (!parsed.success) throw corrupt(path, 'its __metadata__ is not a table of texts');
      metadata = parsed.data;
    } else {
      tensors.set(name, parseEntry(name, value, path, dataStart));
    }
  }
  checkLayout([...tensors.values()], path, dataStart, size);
  return { metadata, tensors };
}

function parseEntry(name: string, value: unknown, path: string, dataStart: number): StoredTensor {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw corrupt(path, `the entry of tensor ${name} is wrong at ${issue?.path.join('.') || 'its root'} (${issue?.message ?? 'unknown'})`);
  }
  const {
    dtype,
    shape,
    data_offsets: [begin, end],
  } = parsed.data;
  const needed = elementCount(shape) * DTYPE_BYTES[dtype];
  if (end < begin) throw corrupt(path, `tensor ${name} ends at ${end}, before its begin ${begin}`);
  if (needed !== end - begin)
    throw corrupt(path, `tensor ${name} of shape [${shape.join(', ')}] and type ${dtype} needs ${needed} bytes, but its place holds ${end - begin}`);
  return { name, dtype, shape, file: path, offset: dataStart + begin, length: end - begin };
}

function checkLayout(tensors: StoredTensor[], path: string, dataStart: number, size: number): void {
  let position = dataStart;
  let previous = 'the header';
  // Empty tensors share their place with a neighbour, so length breaks ties.
  for (const tensor of tensors.sort((a, b) => a.offset - b.offset || a.length - b.length)) {
    if (tensor.offset + tensor.length > size)
      throw corrupt(path, `tensor ${tensor.name} ends at byte ${tensor.offset + tensor.length}, but the file has ${size}: it was cut short; fetch it again`);
    if (tensor.offset < position) throw corrupt(path, `tensor ${tensor.name} overlaps ${previous}`);
    if (tensor.offset > position) throw corrupt(path, `${tensor.offset - position} bytes before tensor ${tensor.name} belong to no tensor`);
    position = tensor.offset + tensor.length;
    previous = tensor.name;
  }
  if (position !== size) throw corrupt(path, `${size - position} bytes at its end belong to no tensor`);
}

/**
 * One tensor, widened to float32 [elements, row-major]. F32, F16, BF16 and F64 are read; another type throws AppError
 * 'unsupported'.
 */
export async function readFloats(tensor: StoredTensor): Promise<Float32Array> {
  const bytes = await readRange(tensor.file, tensor.offset, tensor.length);
  switch (tensor.dtype) {
    case 'F32':
      return new Float32Array(bytes.buffer);
    case 'F16':
      return float16ToFloat32(new Uint16Array(bytes.buffer));
    case 'BF16':
      return bfloat16ToFloat32(new Uint16Array(bytes.buffer));
    case 'F64':
      return Float32Array.from(new Float64Array(bytes.buffer));
    default:
      throw new AppError(
        'unsupported',
        `Tensor ${tensor.name} of ${basename(tensor.file)} holds ${tensor.dtype}; floating point (F32, F16, BF16, F64) is needed.`,
      );
  }
}

function corrupt(path: string, what: string, cause?: unknown): AppError {
  return new AppError('corrupt_file', `${path} is not a sound safetensors file: ${what}.`, { cause });
}
