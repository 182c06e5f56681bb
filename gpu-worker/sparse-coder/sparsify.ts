import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import { parseConfig, width } from '#gpu-worker/model/config.ts';
import { fingerprint } from '#gpu-worker/model/fingerprint.ts';
import { openSafetensors } from '#gpu-worker/model/safetensors.ts';
import type { StoredTensor } from '#gpu-worker/model/stored-tensor.ts';
import type { SparseCoder } from './coder.ts';
import { sparsifyHookpoint } from './stated-hookpoint.ts';

const schema = z.object({
  d_in: width,
  activation: z.enum(['topk', 'groupmax']).default('topk'),
  expansion_factor: z.number().int().positive().max(4096).default(32),
  num_latents: z.number().int().min(0).default(0),
  k: z.number().int().positive().default(32),
  skip_connection: z.boolean().default(false),
  transcode: z.boolean().default(false),
});

/**
 * Reads a coder in sparsify's layout (EleutherAI): `cfg.json` and `sae.safetensors`. The hookpoint is the folder's
 * name, a trailing `seedN` folder apart. Throws AppError 'invalid_config', 'corrupt_file' or 'shape_mismatch'.
 */
export async function openSparsify(dir: string): Promise<SparseCoder> {
  const where = join(dir, 'cfg.json');
  const text = await readFile(where, 'utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new AppError('invalid_config', `${where} is not JSON: ${errorMessage(cause)}`, { cause });
  }
  const raw = z.record(z.string(), z.unknown()).safeParse(json);
  if (!raw.success) throw new AppError('invalid_config', `${where} is not a JSON object.`);
  const config = parseConfig(schema, raw.data, where);
  const d = config.d_in;
  const latents = config.num_latents || d * config.expansion_factor;
  if (config.k > latents) throw new AppError('invalid_config', `${where}: k ${config.k} is more than the ${latents} latents.`, { field: 'k' });
  if (config.activation === 'groupmax' && latents % config.k !== 0) {
    throw new AppError('invalid_config', `${where}: ${latents} latents do not split into ${config.k} groups.`, { field: 'k' });
  }
  const { path, tensors } = await openSafetensors(join(dir, 'sae.safetensors'));
  const find = (name: string, shape: readonly number[]): StoredTensor => expectTensor(tensors, path, name, shape);
  const { input, output } = sparsifyHookpoint(hookpointFolder(dir), config.transcode);
  return {
    dir,
    format: 'sparsify',
    activation: { kind: config.activation, k: config.k },
    k: config.k,
    width: latents,
    dIn: d,
    dOut: d,
    inputHookpoints: input === null ? [] : [input],
    outputHookpoints: output === null ? [] : [output],
    revision: await fingerprint([text], tensors.values()),
    encoder: { tensor: find('encoder.weight', [latents, d]), layout: 'latents_first' },
    encoderBias: find('encoder.bias', [latents]),
    decoder: { tensor: find('W_dec', [latents, d]), layout: 'latents_first' },
    decoderBias: find('b_dec', [d]),
    centreInput: !config.transcode,
    ...(config.skip_connection ? { skip: find('W_skip', [d, d]) } : {}),
  };
}

/** A tensor with the shape a coder's config gives it. Throws AppError 'corrupt_file' or 'shape_mismatch' naming it. */
export function expectTensor(tensors: ReadonlyMap<string, StoredTensor>, file: string, name: string, shape: readonly number[]): StoredTensor {
  const found = tensors.get(name);
  if (!found) throw new AppError('corrupt_file', `${file} has no tensor ${name}; [${shape.join(', ')}] is expected.`);
  if (found.shape.length !== shape.length || found.shape.some((size, i) => size !== shape[i])) {
    throw new AppError('shape_mismatch', `${file}: tensor ${name} has shape [${found.shape.join(', ')}], but [${shape.join(', ')}] is expected.`);
  }
  return found;
}

function hookpointFolder(dir: string): string {
  const name = basename(dir);
  return /^seed\d+$/.test(name) ? basename(dirname(dir)) : name;
}
