import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import type { StoredTensor } from '#gpu-worker/model/stored-tensor.ts';

// A sparsify or SAELens config takes a few kilobytes.
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/** A coder's config as text (for its fingerprint) and as a JSON object. Throws AppError 'not_found' or 'invalid_config'. */
export async function readCoderConfig(path: string): Promise<{ text: string; raw: Record<string, unknown> }> {
  const size = await stat(path).then(
    (found) => found.size,
    (cause: unknown) => {
      throw new AppError('not_found', `${path} cannot be read: ${errorMessage(cause)}`, { cause });
    },
  );
  if (size > MAX_CONFIG_BYTES) throw new AppError('invalid_config', `${path} has ${size} bytes; a config has at most ${MAX_CONFIG_BYTES}.`);
  const text = await readFile(path, 'utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new AppError('invalid_config', `${path} is not JSON: ${errorMessage(cause)}`, { cause });
  }
  const parsed = z.record(z.string(), z.unknown()).safeParse(json);
  if (!parsed.success) throw new AppError('invalid_config', `${path} is not a JSON object.`);
  return { text, raw: parsed.data };
}

/** A file's tensors, asked for by name. */
export class CoderTensors {
  private readonly tensors: ReadonlyMap<string, StoredTensor>;
  private readonly file: string;

  constructor(file: string, tensors: ReadonlyMap<string, StoredTensor>) {
    this.file = file;
    this.tensors = tensors;
  }

  /** The tensor of that name and shape. Throws AppError 'corrupt_file' or 'shape_mismatch', naming it, found and expected. */
  get(name: string, shape: readonly number[]): StoredTensor {
    const found = this.tensors.get(name);
    if (!found) throw new AppError('corrupt_file', `${this.file} has no tensor ${name}; [${shape.join(', ')}] is expected.`);
    if (found.shape.length !== shape.length || found.shape.some((size, i) => size !== shape[i])) {
      throw new AppError('shape_mismatch', `${this.file}: tensor ${name} has shape [${found.shape.join(', ')}], but [${shape.join(', ')}] is expected.`);
    }
    return found;
  }

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  /** The shape of a matrix, for formats whose sizes stand nowhere else. Throws AppError 'corrupt_file'. */
  matrixShape(name: string): [number, number] {
    const [rows, columns, ...more] = this.tensors.get(name)?.shape ?? [];
    if (!rows || !columns || more.length > 0) throw new AppError('corrupt_file', `${this.file} has no matrix ${name}.`);
    return [rows, columns];
  }
}
