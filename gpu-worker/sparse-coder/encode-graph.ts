import type { GraphBuilder, Value } from '#gpu-worker/model/onnx-graph.ts';
import type { SparseCoder } from './coder.ts';

/** The active latents of each token: indices int32 and values float, each [tokens, k]; a value of 0 marks an empty place. */
export interface Encoded {
  indices: Value;
  values: Value;
}

/** Writes the coder's encoder behind `x` [tokens, dIn]. Values are sorted from the largest for top-k, by group for group-max. */
export function writeEncoder(g: GraphBuilder, coder: SparseCoder, x: Value): Encoded {
  const centred = coder.centreInput ? g.op('Sub', [x, g.floatWeight(coder.decoderBias)]) : x;
  const preActivations = g.op('Gemm', [centred, g.floatWeight(coder.encoder.tensor), g.floatWeight(coder.encoderBias)], {
    transB: coder.encoder.layout === 'latents_first' ? 1 : 0,
  });
  const { values, indices } = coder.activation.kind === 'topk' ? largest(g, preActivations, coder.activation.k) : largestOfGroups(g, preActivations, coder.activation.k, coder.width);
  // ReLU after the selection gives the same non-zero latents as before it, on k values in place of the whole width.
  return { values: g.op('Relu', [values]), indices: g.op('Cast', [indices], { to: 6 }) };
}

function largest(g: GraphBuilder, x: Value, k: number): Encoded {
  const [values, indices] = g.ops('TopK', [x, g.int64([k])], 2, { axis: -1, largest: 1, sorted: 1 });
  return { values: values!, indices: indices! };
}

/** The largest of each of k contiguous groups. */
function largestOfGroups(g: GraphBuilder, x: Value, k: number, width: number): Encoded {
  const size = width / k;
  const groups = g.op('Reshape', [x, g.int64([-1, k, size])]);
  const inGroup = g.op('ArgMax', [groups], { axis: -1, keepdims: 0 });
  const starts = g.int64(Array.from({ length: k }, (_, group) => group * size));
  return { values: g.op('ReduceMax', [groups, g.int64([-1])], { keepdims: 0 }), indices: g.op('Add', [inGroup, starts]) };
}
