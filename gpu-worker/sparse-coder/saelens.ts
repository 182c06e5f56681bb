import { join } from 'node:path';
import { AppError } from '#lib/errors/app-error.ts';
import { fingerprint } from '#gpu-worker/model/fingerprint.ts';
import { fromSaeLensName } from '#gpu-worker/model/hookpoint-names.ts';
import { openSafetensors, readFloats } from '#gpu-worker/model/safetensors.ts';
import { CoderTensors, readCoderConfig } from './coder-files.ts';
import type { CoderActivation, SparseCoder } from './coder.ts';
import { saeLensConfig, type SaeLensConfig } from './saelens-config.ts';

/**
 * Reads a coder in SAELens's layout, versions 3 to 6: `cfg.json` and `sae_weights.safetensors`. Throws AppError
 * 'invalid_config', 'unsupported' (architecture or normalisation, with what is supported), 'corrupt_file' or
 * 'shape_mismatch'.
 */
export async function openSaeLens(dir: string): Promise<SparseCoder> {
  const where = join(dir, 'cfg.json');
  const { text, raw } = await readCoderConfig(where);
  const config = saeLensConfig(raw, where);
  const { path, tensors } = await openSafetensors(join(dir, 'sae_weights.safetensors'));
  const find = new CoderTensors(path, tensors);
  const { d_in: dIn, d_sae: latents } = config;
  const transcoder = config.architecture.endsWith('transcoder');
  const dOut = transcoder ? config.d_out : dIn;
  if (find.has('scaling_factor') && (await readFloats(find.get('scaling_factor', [latents]))).some((factor) => factor !== 1)) {
    throw new AppError('unsupported', `${path} has a scaling_factor other than ones, which SAELens itself no longer supports.`);
  }
  const activation = activationOf(config, find, latents, where);
  return {
    dir,
    format: 'saelens',
    activation,
    k: activation.kind === 'topk' ? activation.k : null,
    width: latents,
    dIn,
    dOut,
    ...statedHookpoints(config, transcoder),
    revision: await fingerprint([text], tensors.values()),
    normalisation: config.normalisation,
    undoesNormalisation: !transcoder,
    centreInput: config.apply_b_dec_to_input,
    encoder: { tensor: find.get('W_enc', [dIn, latents]), layout: 'latents_last', scale: 1 },
    encoderBias: activation.kind === 'gated' ? null : find.get('b_enc', [latents]),
    decoder: { tensor: find.get('W_dec', [latents, dOut]), layout: 'latents_first', scale: 1 },
    decoderBias: { tensor: find.get('b_dec', [dOut]), scale: 1 },
    skip: config.architecture.endsWith('skip_transcoder') ? { tensor: find.get('W_skip', [dOut, dIn]), layout: 'out_in' } : null,
  };
}

function activationOf(config: SaeLensConfig, find: CoderTensors, latents: number, where: string): CoderActivation {
  switch (config.architecture) {
    case 'topk':
      if (config.k > latents) throw new AppError('invalid_config', `${where}: k ${config.k} is more than the ${latents} latents.`, { field: 'k' });
      return { kind: 'topk', k: config.k, rescale: config.rescale_acts_by_decoder_norm };
    case 'gated':
      return {
        kind: 'gated',
        gateBias: find.get('b_gate', [latents]),
        magnitudeBias: find.get('b_mag', [latents]),
        logMagnitude: find.get('r_mag', [latents]),
      };
    case 'jumprelu':
    case 'jumprelu_transcoder':
    case 'jumprelu_skip_transcoder': {
      // Training checkpoints of early versions hold the threshold's logarithm.
      const logarithmic = !find.has('threshold') && find.has('log_threshold');
      return { kind: 'jumprelu', threshold: find.get(logarithmic ? 'log_threshold' : 'threshold', [latents]), logarithmic };
    }
    default:
      return { kind: 'relu' };
  }
}

function statedHookpoints(config: SaeLensConfig, transcoder: boolean): Pick<SparseCoder, 'inputHookpoints' | 'outputHookpoints'> {
  const names = (stated: string | null): string[] => {
    const name = stated === null ? null : fromSaeLensName(stated);
    return name === null ? [] : [name];
  };
  return { inputHookpoints: names(config.hookName), outputHookpoints: names(transcoder ? config.hookNameOut : config.hookName) };
}
