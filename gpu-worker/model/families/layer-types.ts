import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';

/** `layer_types` as transformers 5 writes it out. */
export const layerTypesKey = { layer_types: z.array(z.enum(['full_attention', 'sliding_attention'])).nullish() };

/**
 * Which layers see only a window. `layer_types` decides where it is given, `rule` otherwise. Throws AppError
 * 'invalid_config' when the list has not one entry a layer.
 */
export function windowedLayers(
  config: { num_hidden_layers: number; layer_types?: ('full_attention' | 'sliding_attention')[] | null | undefined },
  where: string,
  rule: (layer: number) => boolean,
): boolean[] {
  const { num_hidden_layers: layers, layer_types: types } = config;
  if (types && types.length !== layers) {
    throw new AppError('invalid_config', `${where}: layer_types has ${types.length} entries for ${layers} layers.`, { field: 'layer_types' });
  }
  return Array.from({ length: layers }, (_, layer) => (types ? types[layer] === 'sliding_attention' : rule(layer)));
}
