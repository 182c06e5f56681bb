import { AppError } from '#lib/errors/app-error.ts';
import type { DecoderSpec } from './decoder-spec.ts';
import { fromSaeLensName } from './hookpoint-names.ts';

/** A place in a model where hidden states can be read, with their width. */
export interface Hookpoint {
  name: string;
  width: number;
}

/**
 * Every hookpoint of a model, in the order of computation. `layers.N.attn.out` and `layers.N.mlp.out` (a module's own
 * output) are listed only where a norm follows and makes them differ from `.attn` and `.mlp`.
 */
export function listHookpoints(spec: DecoderSpec): Hookpoint[] {
  const { dModel } = spec;
  return [
    { name: 'embed', width: dModel },
    ...spec.layers.flatMap((layer, n): Hookpoint[] => [
      { name: `layers.${n}.attn.z`, width: layer.attention.heads * layer.attention.headDim },
      ...(layer.postAttentionNorm ? [{ name: `layers.${n}.attn.out`, width: dModel }] : []),
      { name: `layers.${n}.attn`, width: dModel },
      { name: `layers.${n}.mlp.in`, width: dModel },
      { name: `layers.${n}.mlp.neurons`, width: layer.mlp.down.inputs },
      ...(layer.postMlpNorm ? [{ name: `layers.${n}.mlp.out`, width: dModel }] : []),
      { name: `layers.${n}.mlp`, width: dModel },
      { name: `layers.${n}`, width: dModel },
    ]),
  ];
}

const MODULE_OUTPUT = /^layers\.(\d+)\.(?:attn|mlp)\.out$/;

/**
 * The hookpoint that a name means in this model: a common name, or one of SAELens's. `.attn.out` and `.mlp.out` are
 * accepted everywhere. Throws AppError 'bad_request' saying which hookpoints there are when the name means none.
 */
export function resolveHookpoint(spec: DecoderSpec, name: string): Hookpoint {
  const common = fromSaeLensName(name) ?? name;
  const listed = listHookpoints(spec);
  const found = listed.find((hookpoint) => hookpoint.name === common);
  if (found) return found;
  const layer = MODULE_OUTPUT.exec(common)?.[1];
  if (layer !== undefined && String(Number(layer)) === layer && Number(layer) < spec.nLayers) return { name: common, width: spec.dModel };
  const sites = [...new Set(listed.map((hookpoint) => hookpoint.name.replace(/\d+/, 'N')))].join(', ');
  throw new AppError('bad_request', `The model has no hookpoint ${name}; it has ${sites}, with N from 0 to ${spec.nLayers - 1}.`, { field: 'hookpoint' });
}
