import type { NormSpec } from '#gpu-worker/model/decoder-spec.ts';
import type { TensorLookup } from '#gpu-worker/model/decoder-tensors.ts';
import type { GraphBuilder, Value } from '#gpu-worker/model/onnx-graph.ts';

/** LayerNorm, or RMS norm x / sqrt(mean(x²) + eps) · w, over the last dimension; the shape stays. */
export function norm(g: GraphBuilder, tensors: TensorLookup, spec: NormSpec, x: Value): Value {
  const stored = g.floatWeight(tensors(spec.weight));
  const weight = spec.onePlus ? g.op('Add', [stored, g.float([1])]) : stored;
  const attributes = { axis: -1, epsilon: { float: spec.eps } };
  if (spec.kind === 'rms') return g.op('RMSNormalization', [x, weight], attributes);
  return g.op('LayerNormalization', spec.bias ? [x, weight, g.floatWeight(tensors(spec.bias))] : [x, weight], attributes);
}
