import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import { openSafetensors } from '#gpu-worker/model/safetensors.ts';
import type { Dtype, StoredTensor } from '#gpu-worker/model/stored-tensor.ts';

const SPLIT = /^(\d+)_(\d+)\.safetensors$/;
const LOCATION_TYPES: readonly Dtype[] = ['U16', 'U32', 'I32', 'I64'];
const VALUE_TYPES: readonly Dtype[] = ['F16', 'BF16', 'F32'];

const configSchema = z.looseObject({
  cache_ctx_len: z.number().int().positive().optional(),
  ctx_len: z.number().int().positive().optional(),
  model_name: z.string().optional(),
});

export interface DelphiSplit {
  path: string;
  /** First latent. */
  start: number;
  entries: number;
  /** [entries, 3]: row, position, latent − start. */
  locations: StoredTensor;
  /** [entries] */
  activations: StoredTensor;
  /** [rows, length], or null. */
  tokens: StoredTensor | null;
}

/** What delphi cached at one hookpoint: headers alone have been read. */
export interface DelphiCache {
  /** Name of the folder, which is the hookpoint's. */
  hookpoint: string;
  width: number;
  /** In order of latents, without gaps. */
  splits: DelphiSplit[];
  /** From the tokens or the config; null when neither is there. */
  rowLength: number | null;
  modelName: string | null;
}

/**
 * Opens a folder of delphi's splits (`method.md` §2.4), or a folder of such folders, one a hookpoint. Throws AppError
 * 'not_found' when there are none, and 'corrupt_file' naming the file for splits that leave a gap, tensors that are
 * missing or do not fit, and types that delphi does not write.
 */
export async function openDelphiCaches(folder: string): Promise<DelphiCache[]> {
  const dir = resolve(folder);
  const names = await readdir(dir, { withFileTypes: true }).catch((cause: unknown) => {
    throw new AppError('not_found', `${dir} cannot be read: ${errorMessage(cause)}`, { cause });
  });
  if (names.some(({ name }) => SPLIT.test(name))) return [await openCache(dir)];
  const caches: DelphiCache[] = [];
  for (const entry of names.filter((found) => found.isDirectory()).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if ((await readdir(join(dir, entry.name))).some((name) => SPLIT.test(name))) caches.push(await openCache(join(dir, entry.name)));
  }
  if (caches.length === 0)
    throw new AppError('not_found', `${dir} holds no cache of delphi's: files like 0_26213.safetensors are expected, here or one folder a hookpoint.`);
  return caches;
}

async function openCache(dir: string): Promise<DelphiCache> {
  const ranges = (await readdir(dir)).flatMap((name) => {
    const [, start, end] = SPLIT.exec(name) ?? [];
    return start === undefined ? [] : [{ path: join(dir, name), start: Number(start), end: Number(end) }];
  });
  ranges.sort((a, b) => a.start - b.start);
  let width = 0;
  const splits: DelphiSplit[] = [];
  for (const { path, start, end } of ranges) {
    if (start !== width || end < start)
      throw corrupt(path, `begins at latent ${start}, but the split before it ends at ${width - 1}: one is missing or names overlap`);
    splits.push(await openSplit(path, start));
    width = end + 1;
  }
  const config = await readConfig(join(dir, 'config.json'));
  const shapes = new Set(splits.flatMap(({ tokens }) => (tokens ? [tokens.shape.join(' × ')] : [])));
  if (shapes.size > 1) throw corrupt(dir, `holds tokens of different shapes: ${[...shapes].join(', ')}`);
  const tokens = splits.find((split) => split.tokens !== null)?.tokens;
  const rowLength = tokens?.shape[1] ?? config.cache_ctx_len ?? config.ctx_len ?? null;
  return { hookpoint: basename(dir), width, splits, rowLength, modelName: config.model_name ?? null };
}

async function openSplit(path: string, start: number): Promise<DelphiSplit> {
  const { tensors } = await openSafetensors(path);
  const [locations, activations, tokens] = [tensors.get('locations'), tensors.get('activations'), tensors.get('tokens') ?? null];
  if (!locations || !activations) throw corrupt(path, `has no tensor ${locations ? 'activations' : 'locations'}`);
  if (locations.shape.length !== 2 || locations.shape[1] !== 3 || activations.shape.length !== 1 || activations.shape[0] !== locations.shape[0])
    throw corrupt(path, `holds locations [${locations.shape.join(', ')}] and activations [${activations.shape.join(', ')}]; [n, 3] and [n] are expected`);
  if (!LOCATION_TYPES.includes(locations.dtype)) throw corrupt(path, `holds locations of type ${locations.dtype}; ${LOCATION_TYPES.join(', ')} can be read`);
  if (!VALUE_TYPES.includes(activations.dtype)) throw corrupt(path, `holds activations of type ${activations.dtype}; ${VALUE_TYPES.join(', ')} can be read`);
  if (tokens && (tokens.shape.length !== 2 || !['I64', 'I32'].includes(tokens.dtype)))
    throw corrupt(path, `holds tokens of type ${tokens.dtype} and shape [${tokens.shape.join(', ')}]; whole numbers [rows, length] are expected`);
  return { path, start, entries: activations.shape[0]!, locations, activations, tokens };
}

async function readConfig(path: string): Promise<z.infer<typeof configSchema>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '{}';
    throw error;
  });
  try {
    return configSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError('corrupt_file', `${path} is not the config of a cache of delphi's: ${errorMessage(cause)}`, { cause });
  }
}

export function corrupt(path: string, what: string): AppError {
  return new AppError('corrupt_file', `${path} ${what}.`);
}
