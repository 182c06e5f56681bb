import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { parseConfig, width } from '#gpu-worker/model/config.ts';
import { fingerprint } from '#gpu-worker/model/fingerprint.ts';
import { openSafetensors } from '#gpu-worker/model/safetensors.ts';
import type { SparseCoder } from './coder.ts';
import { CoderTensors, readCoderConfig } from './coder-files.ts';
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
  const { text, raw } = await readCoderConfig(where);
  const config = parseConfig(schema, raw, where);
  const d = config.d_in;
  const latents = config.num_latents || d * config.expansion_factor;
  if (config.k > latents) throw new AppError('invalid_config', `${where}: k ${config.k} is more than the ${latents} latents.`, { field: 'k' });
  if (config.activation === 'groupmax' && latents % config.k !== 0) {
    throw new AppError('invalid_config', `${where}: ${latents} latents do not split into ${config.k} groups.`, { field: 'k' });
  }
  const { path, tensors } = await openSafetensors(join(dir, 'sae.safetensors'));
  const find = new CoderTensors(path, tensors);
  const { input, output } = sparsifyHookpoint(hookpointFolder(dir), config.transcode);
  return {
    dir,
    format: 'sparsify',
    activation: config.activation === 'topk' ? { kind: 'topk', k: config.k, rescale: false } : { kind: 'groupmax', k: config.k },
    k: config.k,
    width: latents,
    dIn: d,
    dOut: d,
    inputHookpoints: input === null ? [] : [input],
    outputHookpoints: output === null ? [] : [output],
    revision: await fingerprint([text], tensors.values()),
    normalisation: 'none',
    undoesNormalisation: false,
    centreInput: !config.transcode,
    encoder: { tensor: find.get('encoder.weight', [latents, d]), layout: 'latents_first', scale: 1 },
    encoderBias: find.get('encoder.bias', [latents]),
    decoder: { tensor: find.get('W_dec', [latents, d]), layout: 'latents_first', scale: 1 },
    decoderBias: { tensor: find.get('b_dec', [d]), scale: 1 },
    skip: config.skip_connection ? { tensor: find.get('W_skip', [d, d]), layout: 'out_in' } : null,
  };
}

function hookpointFolder(dir: string): string {
  const name = basename(dir);
  return /^seed\d+$/.test(name) ? basename(dirname(dir)) : name;
}
