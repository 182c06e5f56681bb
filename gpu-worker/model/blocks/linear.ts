import type { LinearSpec } from '#gpu-worker/model/decoder-spec.ts';
import type { TensorLookup } from '#gpu-worker/model/decoder-tensors.ts';
import type { GraphBuilder, Value } from '#gpu-worker/model/onnx-graph.ts';

/** x · W (+ b). `x` [tokens, inputs]; result [tokens, outputs]. The matrix is used as the file keeps it. */
export function linear(g: GraphBuilder, tensors: TensorLookup, spec: LinearSpec, x: Value): Value {
  const inputs = [x, g.floatWeight(tensors(spec.weight))];
  if (spec.bias) inputs.push(g.floatWeight(tensors(spec.bias)));
  return g.op('Gemm', inputs, { transB: spec.layout === 'out_in' ? 1 : 0 });
}
