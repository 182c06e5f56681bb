import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type z } from 'zod';
import { openSafetensors, readFloats } from '#gpu-worker/model/safetensors.ts';
import { readRange } from '#gpu-worker/model/file-range.ts';
import type { StoredTensor } from '#gpu-worker/model/stored-tensor.ts';

export const GOLDEN = join(import.meta.dirname, '..', 'golden');

/** The golden folders of a kind, by name. */
export async function goldenFolders(kind: 'models' | 'coders'): Promise<string[]> {
  const entries = await readdir(join(GOLDEN, kind), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

export async function readJson<T extends z.ZodType>(schema: T, ...path: string[]): Promise<z.infer<T>> {
  return schema.parse(JSON.parse(await readFile(join(GOLDEN, ...path), 'utf8')));
}

/** The float tensors of a golden safetensors file by name. */
export async function readTensors(...path: string[]): Promise<Map<string, { data: Float32Array; shape: readonly number[] }>> {
  const { tensors } = await openSafetensors(join(GOLDEN, ...path));
  const out = new Map<string, { data: Float32Array; shape: readonly number[] }>();
  for (const tensor of tensors.values()) if (tensor.dtype === 'F32') out.set(tensor.name, { data: await readFloats(tensor), shape: tensor.shape });
  return out;
}

export async function readUint32(tensor: StoredTensor): Promise<Uint32Array> {
  return new Uint32Array((await readRange(tensor.file, tensor.offset, tensor.length)).buffer);
}

/** Greatest absolute difference over greatest absolute expected value: the golden files' own measure. */
export function relativeDifference(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Infinity;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(actual[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return difference / largest;
}
