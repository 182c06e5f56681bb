import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { parseConfig } from '#gpu-worker/model/config.ts';
import { fingerprint } from '#gpu-worker/model/fingerprint.ts';
import { openSafetensors } from '#gpu-worker/model/safetensors.ts';
import { CoderTensors, readCoderConfig } from './coder-files.ts';
import type { SparseCoder } from './coder.ts';

const schema = z.object({
  architecture: z.literal('jump_relu').default('jump_relu'),
  hf_hook_point_in: z.string().nullish(),
  hf_hook_point_out: z.string().nullish(),
  affine_connection: z.boolean().nullish(),
});

const MODULES: readonly (readonly [string, string])[] = [
  ['output', ''],
  ['post_feedforward_layernorm.output', '.mlp'],
  ['pre_feedforward_layernorm.output', '.mlp.in'],
  ['self_attn.o_proj.input', '.attn.z'],
];
const FOLDERS: Readonly<Record<string, readonly [string, string]>> = {
  resid_post: ['', ''],
  mlp_out: ['.mlp', '.mlp'],
  attn_out: ['.attn.z', '.attn.z'],
  transcoder: ['.mlp.in', '.mlp'],
};

/**
 * Reads a coder of Gemma Scope 2 (Google): `params.safetensors` and `config.json`, which may be absent; the folder's
 * and its parent's names then say the same. Throws AppError 'invalid_config', 'corrupt_file' or 'shape_mismatch'.
 */
export async function openGemmaScope2(dir: string, hasConfig: boolean): Promise<SparseCoder> {
  const where = join(dir, 'config.json');
  const { text, raw } = hasConfig ? await readCoderConfig(where) : { text: '', raw: {} };
  const config = parseConfig(schema, raw, where);
  const { path, tensors } = await openSafetensors(join(dir, 'params.safetensors'));
  const find = new CoderTensors(path, tensors);
  const [dIn, latents] = find.matrixShape('w_enc');
  const [, dOut] = find.matrixShape('w_dec');
  const byName = namesFromFolder(dir);
  const input = config.hf_hook_point_in ? fromModule(config.hf_hook_point_in) : byName[0];
  const output = config.hf_hook_point_out ? fromModule(config.hf_hook_point_out) : config.hf_hook_point_in ? input : byName[1];
  const affine = config.affine_connection ?? (find.has('affine_skip_connection') || basename(dir).endsWith('_affine'));
  return {
    dir,
    format: 'gemma-scope-2',
    activation: { kind: 'jumprelu', threshold: find.get('threshold', [latents]), logarithmic: false },
    k: null,
    width: latents,
    dIn,
    dOut,
    inputHookpoints: input === null ? [] : [input],
    outputHookpoints: output === null ? [] : [output],
    revision: await fingerprint([text], tensors.values()),
    normalisation: 'none',
    undoesNormalisation: false,
    centreInput: false,
    encoder: { tensor: find.get('w_enc', [dIn, latents]), layout: 'latents_last', scale: 1 },
    encoderBias: find.get('b_enc', [latents]),
    decoder: { tensor: find.get('w_dec', [latents, dOut]), layout: 'latents_first', scale: 1 },
    decoderBias: { tensor: find.get('b_dec', [dOut]), scale: 1 },
    skip: affine ? { tensor: find.get('affine_skip_connection', [dIn, dOut]), layout: 'in_out' } : null,
  };
}

/** The common name of a module of transformers that Gemma Scope 2 reads, or null. */
function fromModule(stated: string): string | null {
  const match = /(?:^|\.)layers\.(\d+)\.(.+)$/.exec(stated);
  const site = MODULES.find(([module]) => module === match?.[2])?.[1];
  return match && site !== undefined ? `layers.${Number(match[1])}${site}` : null;
}

function namesFromFolder(dir: string): readonly [string | null, string | null] {
  const layer = /^layer_(\d+)_/.exec(basename(dir))?.[1];
  const sites = FOLDERS[basename(dirname(dir)).replace(/_all$/, '')];
  return layer !== undefined && sites ? [`layers.${Number(layer)}${sites[0]}`, `layers.${Number(layer)}${sites[1]}`] : [null, null];
}
