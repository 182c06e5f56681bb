import { join } from 'node:path';
import { z } from 'zod';
import { parseConfig, positive, width } from '#gpu-worker/model/config.ts';
import { fingerprint } from '#gpu-worker/model/fingerprint.ts';
import { fromSaeLensName } from '#gpu-worker/model/hookpoint-names.ts';
import { openSafetensors } from '#gpu-worker/model/safetensors.ts';
import { CoderTensors, readCoderConfig } from './coder-files.ts';
import type { SparseCoder } from './coder.ts';

const schema = z.object({
  d_model: width,
  d_sae: z
    .number()
    .int()
    .positive()
    .max(2 ** 26),
  hook_point_in: z.string(),
  hook_point_out: z.string().nullish(),
  act_fn: z.literal('jumprelu'),
  jump_relu_threshold: z.number(),
  dataset_average_activation_norm: z.looseObject({ in: positive }),
  norm_activation: z.literal('dataset-wise').default('dataset-wise'),
  use_glu_encoder: z.literal(false).default(false),
  apply_decoder_bias_to_pre_encoder: z.literal(false).default(false),
});

/**
 * Reads a coder of Llama Scope (OpenMOSS): `hyperparams.json` and `checkpoints/final.safetensors`. It was trained on
 * inputs scaled to a norm of √d; that scale s is carried out on the matrices and the threshold, as SAELens does:
 * p = x · (s · Wᵀ) + b, a = p where p > θ · s. Throws AppError 'invalid_config', 'corrupt_file' or 'shape_mismatch'.
 */
export async function openLlamaScope(dir: string): Promise<SparseCoder> {
  const where = join(dir, 'hyperparams.json');
  const { text, raw } = await readCoderConfig(where);
  const config = parseConfig(schema, raw, where);
  const { d_model: d, d_sae: latents } = config;
  const { path, tensors } = await openSafetensors(join(dir, 'checkpoints', 'final.safetensors'));
  const find = new CoderTensors(path, tensors);
  const scale = Math.sqrt(d) / config.dataset_average_activation_norm.in;
  const names = (stated: string): string[] => [fromSaeLensName(stated)].filter((name) => name !== null);
  return {
    dir,
    format: 'llama-scope',
    activation: { kind: 'jumprelu', threshold: config.jump_relu_threshold * scale, logarithmic: false },
    k: null,
    width: latents,
    dIn: d,
    dOut: d,
    inputHookpoints: names(config.hook_point_in),
    outputHookpoints: names(config.hook_point_out ?? config.hook_point_in),
    revision: await fingerprint([text], tensors.values()),
    normalisation: 'none',
    undoesNormalisation: false,
    centreInput: false,
    encoder: { tensor: find.get('encoder.weight', [latents, d]), layout: 'latents_first', scale },
    encoderBias: find.get('encoder.bias', [latents]),
    decoder: { tensor: find.get('decoder.weight', [d, latents]), layout: 'latents_last', scale: 1 / scale },
    decoderBias: { tensor: find.get('decoder.bias', [d]), scale: 1 / scale },
    skip: null,
  };
}
