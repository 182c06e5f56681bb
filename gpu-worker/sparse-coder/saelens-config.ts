import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { parseConfig, width } from '#gpu-worker/model/config.ts';
import type { Normalisation } from './coder.ts';

const ARCHITECTURES = ['standard', 'topk', 'jumprelu', 'gated', 'transcoder', 'skip_transcoder', 'jumprelu_transcoder', 'jumprelu_skip_transcoder'] as const;

/** A SAELens config of any version, in version 6's terms. */
export interface SaeLensConfig {
  architecture: (typeof ARCHITECTURES)[number];
  d_in: number;
  d_sae: number;
  d_out: number;
  k: number;
  apply_b_dec_to_input: boolean;
  rescale_acts_by_decoder_norm: boolean;
  normalisation: Normalisation;
  hookName: string | null;
  hookNameOut: string | null;
}

const metadata = z.looseObject({ hook_name: z.string().nullish(), hook_name_out: z.string().nullish(), sae_lens_version: z.string().nullish() });
const schema = z.object({
  architecture: z.string().default('standard'),
  d_in: width,
  d_sae: z
    .number()
    .int()
    .positive()
    .max(2 ** 26),
  d_out: width.default(768),
  k: z.number().int().positive().default(100),
  apply_b_dec_to_input: z.boolean().default(true),
  rescale_acts_by_decoder_norm: z.boolean().default(false),
  normalize_activations: z.union([z.string(), z.boolean()]).nullish(),
  sae_lens_version: z.string().nullish(),
  metadata: metadata.nullish(),
  hook_name: z.string().nullish(),
  hook_name_out: z.string().nullish(),
  hook_point: z.string().nullish(),
  activation_fn: z.string().nullish(),
  activation_fn_str: z.string().nullish(),
  activation_fn_kwargs: z.looseObject({ k: z.number().int().positive().optional() }).nullish(),
});

// Folded into the weights (or lost) when a coder is published: encoding does nothing for them.
const NOTHING_TO_DO = ['none', 'expected_average_only_in', 'covariance_whitening'];
const NORMALISATIONS: Readonly<Record<string, Normalisation>> = { constant_norm_rescale: 'constant_norm', layer_norm: 'layer_norm' };

/**
 * Reads a SAELens `cfg.json`. Before version 6 a top-k coder says so by its activation function, whatever its
 * architecture says, and the keys have other names. Throws AppError 'invalid_config' or 'unsupported'.
 */
export function saeLensConfig(raw: Readonly<Record<string, unknown>>, where: string): SaeLensConfig {
  const config = parseConfig(schema, raw, where);
  const old = isBeforeSix(config.sae_lens_version ?? config.metadata?.sae_lens_version);
  const oldTopK = old && (config.activation_fn ?? config.activation_fn_str) === 'topk';
  const architecture = ARCHITECTURES.find((known) => known === (oldTopK ? 'topk' : config.architecture));
  if (!architecture) {
    throw new AppError('unsupported', `${where}: architecture ${config.architecture} is not supported; supported are ${ARCHITECTURES.join(', ')}.`, {
      field: 'architecture',
    });
  }
  if (!old && architecture.endsWith('transcoder') && config.apply_b_dec_to_input) {
    throw new AppError('invalid_config', `${where}: a transcoder must set apply_b_dec_to_input to false.`, { field: 'apply_b_dec_to_input' });
  }
  return {
    architecture,
    d_in: config.d_in,
    d_sae: config.d_sae,
    d_out: config.d_out,
    k: oldTopK ? (config.activation_fn_kwargs?.k ?? config.k) : config.k,
    apply_b_dec_to_input: config.apply_b_dec_to_input && !architecture.endsWith('transcoder'),
    rescale_acts_by_decoder_norm: config.rescale_acts_by_decoder_norm,
    normalisation: normalisationOf(config.normalize_activations, old, where),
    hookName: config.metadata?.hook_name ?? config.hook_name ?? config.hook_point ?? null,
    hookNameOut: config.metadata?.hook_name_out ?? config.hook_name_out ?? null,
  };
}

function normalisationOf(stated: string | boolean | null | undefined, old: boolean, where: string): Normalisation {
  if (stated === null || stated === undefined || (old && typeof stated === 'boolean')) return 'none';
  if (NOTHING_TO_DO.includes(String(stated))) return 'none';
  const known = NORMALISATIONS[String(stated)];
  if (known) return known;
  throw new AppError(
    'unsupported',
    `${where}: normalize_activations ${stated} is not supported; supported are ${[...NOTHING_TO_DO, ...Object.keys(NORMALISATIONS)].join(', ')}.`,
    { field: 'normalize_activations' },
  );
}

function isBeforeSix(version: string | null | undefined): boolean {
  const major = /^(\d+)\./.exec(version ?? '')?.[1];
  return major === undefined || Number(major) < 6;
}
