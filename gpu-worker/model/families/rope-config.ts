import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { positions, positive } from '#gpu-worker/model/config.ts';
import type { RopeSpec } from '#gpu-worker/model/decoder-spec.ts';

const ropeObject = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: positive.optional(),
  factor: positive.optional(),
  low_freq_factor: positive.optional(),
  high_freq_factor: positive.optional(),
  original_max_position_embeddings: positions.optional(),
  partial_rotary_factor: positive.max(1).optional(),
});
export type RopeObject = z.infer<typeof ropeObject>;

/** Keys of the rotary embedding: `rope_theta` and `rope_scaling` (transformers 4), or `rope_parameters` (5). */
export const ropeKeys = {
  rope_theta: positive.nullish(),
  rope_scaling: ropeObject.nullish(),
  rope_parameters: ropeObject.nullish(),
};

const SUPPORTED = ['default', 'linear', 'dynamic', 'llama3'];

/**
 * The rotary embedding that the keys describe. `theta`: the family's default base. Throws AppError 'unsupported' for
 * another scaling and 'invalid_config' for one that lacks a number.
 */
export function ropeFrom(
  config: { rope_theta?: number | null | undefined; rope_scaling?: RopeObject | null | undefined; rope_parameters?: RopeObject | null | undefined },
  options: { dim: number; theta: number; maxPositions: number; where: string },
): RopeSpec {
  const object = config.rope_parameters ?? config.rope_scaling ?? {};
  const theta = config.rope_parameters?.rope_theta ?? config.rope_theta ?? options.theta;
  const base = { theta, dim: options.dim };
  const kind = object.rope_type ?? object.type ?? 'default';
  const number = (key: 'factor' | 'low_freq_factor' | 'high_freq_factor'): number => {
    const value = object[key];
    if (value === undefined) throw new AppError('invalid_config', `${options.where}: ${kind} rope scaling needs ${key}.`, { field: `rope_scaling.${key}` });
    return value;
  };
  switch (kind) {
    case 'default':
      return base;
    case 'linear':
      return { ...base, scaling: { kind, factor: number('factor') } };
    case 'dynamic':
      return { ...base, scaling: { kind, factor: number('factor'), maxPositions: options.maxPositions } };
    case 'llama3':
      return {
        ...base,
        scaling: {
          kind,
          factor: number('factor'),
          lowFrequency: number('low_freq_factor'),
          highFrequency: number('high_freq_factor'),
          originalPositions: object.original_max_position_embeddings ?? options.maxPositions,
        },
      };
    default:
      throw new AppError('unsupported', `${options.where}: rope scaling ${kind} is not supported; supported are ${SUPPORTED.join(', ')}.`, {
        field: 'rope_scaling',
      });
  }
}
