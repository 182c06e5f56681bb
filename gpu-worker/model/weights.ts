import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import { openSafetensors, type SafetensorsFile } from './safetensors.ts';
import type { StoredTensor } from './stored-tensor.ts';

export const SINGLE_FILE = 'model.safetensors';
export const SHARD_INDEX = 'model.safetensors.index.json';
export const PICKLES = ['pytorch_model.bin', 'pytorch_model.bin.index.json'];
const MAX_INDEX_BYTES = 64 * 1024 * 1024;

// A shard is a plain name beside its index: a path in it could point anywhere on the machine.
const indexSchema = z.object({
  weight_map: z.record(z.string(), z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*\.safetensors$/, 'a shard must be a file name ending in .safetensors')),
});

/** All tensors of a checkpoint folder, from one file or from its shards. */
export interface Weights {
  files: readonly SafetensorsFile[];
  tensors: ReadonlyMap<string, StoredTensor>;
}

/**
 * Opens `model.safetensors`, or the shards of `model.safetensors.index.json` beside it. Only headers are read. Throws
 * AppError 'not_found' when the folder has neither, 'unsupported' when it has only pickles, 'corrupt_file' otherwise.
 */
export async function openWeights(dir: string): Promise<Weights> {
  if (await exists(join(dir, SINGLE_FILE))) {
    const file = await openSafetensors(join(dir, SINGLE_FILE));
    return { files: [file], tensors: file.tensors };
  }
  if (await exists(join(dir, SHARD_INDEX))) return openShards(dir);
  for (const name of PICKLES) {
    if (await exists(join(dir, name)))
      throw new AppError('unsupported', `${dir} holds its weights in ${name}, a Python pickle, which can run code when it is read; convert it to safetensors.`);
  }
  throw new AppError('not_found', `${dir} holds neither ${SINGLE_FILE} nor ${SHARD_INDEX}.`);
}

async function openShards(dir: string): Promise<Weights> {
  const path = join(dir, SHARD_INDEX);
  const shardOf = await readShardIndex(path);
  const files = new Map<string, SafetensorsFile>();
  for (const name of [...new Set(shardOf.values())].sort()) files.set(name, await openSafetensors(join(dir, name)));
  const tensors = new Map<string, StoredTensor>();
  for (const [tensor, shard] of shardOf) {
    const stored = files.get(shard)?.tensors.get(tensor);
    if (!stored) throw new AppError('corrupt_file', `${path} says that tensor ${tensor} is in ${shard}, but it is not.`);
    tensors.set(tensor, stored);
  }
  return { files: [...files.values()], tensors };
}

/** The shard of each tensor, by a checkpoint's index. Throws AppError 'corrupt_file', also for a shard that is no plain file name. */
export async function readShardIndex(path: string): Promise<Map<string, string>> {
  if ((await stat(path)).size > MAX_INDEX_BYTES) throw new AppError('corrupt_file', `${path} is larger than ${MAX_INDEX_BYTES} bytes.`);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new AppError('corrupt_file', `${path} is not JSON: ${errorMessage(cause)}`, { cause });
  }
  const parsed = indexSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new AppError('corrupt_file', `${path} is wrong at ${issue?.path.join('.') ?? 'its root'}: ${issue?.message ?? 'unknown'}.`);
  }
  return new Map(Object.entries(parsed.data.weight_map));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
