import type { Activation, MlpSpec } from '#gpu-worker/model/decoder-spec.ts';
import type { TensorLookup } from '#gpu-worker/model/decoder-tensors.ts';
import type { GraphBuilder, Value } from '#gpu-worker/model/onnx-graph.ts';
import { linear } from './linear.ts';

/** The hidden of the MLP after the activation. `x` [tokens, dModel]; result [tokens, mlp width]. */
export function mlpNeurons(g: GraphBuilder, tensors: TensorLookup, spec: MlpSpec, x: Value): Value {
  const up = linear(g, tensors, spec.up, x);
  if (!spec.gate) return activation(g, spec.activation, up);
  return g.op('Mul', [activation(g, spec.activation, linear(g, tensors, spec.gate, x)), up]);
}

export function activation(g: GraphBuilder, kind: Activation, x: Value): Value {
  switch (kind) {
    case 'silu':
      return g.op('QuickGelu', [x], { alpha: { float: 1 } }, 'com.microsoft');
    case 'relu':
      return g.op('Relu', [x]);
    case 'gelu':
      return g.op('Gelu', [x]);
    case 'gelu_new':
    case 'gelu_pytorch_tanh':
      return g.op('Gelu', [x], { approximate: 'tanh' });
  }
}
