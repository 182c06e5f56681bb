import type { LinearSpec, NormSpec } from '#gpu-worker/model/decoder-spec.ts';

/** A LayerNorm with weight and bias. */
export function layerNorm(name: string, size: number, eps: number): NormSpec {
  return { kind: 'layer', size, weight: `${name}.weight`, bias: `${name}.bias`, eps };
}

/** GPT-2's Conv1D: a linear layer with a bias and its matrix kept as [in, out]. */
export function conv1d(name: string, inputs: number, outputs: number): LinearSpec {
  return { weight: `${name}.weight`, bias: `${name}.bias`, inputs, outputs, layout: 'in_out' };
}
