import { activation } from '#gpu-worker/model/blocks/mlp.ts';
import type { GraphBuilder, Value } from '#gpu-worker/model/onnx-graph.ts';
import type { StoredTensor } from '#gpu-worker/model/stored-tensor.ts';
import type { BertSpec } from './bert-spec.ts';

/**
 * Writes a BERT encoder with mean pooling and L2 norm: `input_ids` int32 [texts, length] and `mask` float
 * [texts, length], 1 for a token and 0 for padding; the result is [texts, dModel], of unit length.
 */
export function writeSentenceEncoder(g: GraphBuilder, spec: BertSpec, tensors: (name: string) => StoredTensor): Value {
  const ids = g.input('input_ids', 'int32', ['texts', 'length']);
  const mask = g.input('mask', 'float', ['texts', 'length']);
  const weight = (name: string): Value => g.floatWeight(tensors(name));
  const norm = (name: string, x: Value): Value =>
    g.op('LayerNormalization', [x, weight(`${name}.weight`), weight(`${name}.bias`)], { axis: -1, epsilon: { float: spec.eps } });
  const linear = (name: string, x: Value): Value => g.op('Gemm', [x, weight(`${name}.weight`), weight(`${name}.bias`)], { transB: 1 });
  const rowShape = g.op('Concat', [g.op('Shape', [ids]), g.int64([-1])], { axis: 0 });
  const flat = g.int64([-1, spec.dModel]);
  const visible = visibleTokens(g, ids, mask);

  let x = norm('embeddings.LayerNorm', embeddings(g, tensors, ids));
  x = g.op('Reshape', [x, flat]);
  for (let n = 0; n < spec.nLayers; n++) {
    const at = `encoder.layer.${n}`;
    const qkv = (name: string): Value => g.op('Reshape', [linear(`${at}.attention.self.${name}`, x), rowShape]);
    const z = g.op('Attention', [qkv('query'), qkv('key'), qkv('value'), visible], { q_num_heads: spec.heads, kv_num_heads: spec.heads });
    const attended = norm(`${at}.attention.output.LayerNorm`, g.op('Add', [linear(`${at}.attention.output.dense`, g.op('Reshape', [z, flat])), x]));
    const hidden = activation(g, spec.activation, linear(`${at}.intermediate.dense`, attended));
    x = norm(`${at}.output.LayerNorm`, g.op('Add', [linear(`${at}.output.dense`, hidden), attended]));
  }
  return pooled(g, g.op('Reshape', [x, rowShape]), mask);
}

/** bool [texts, 1, length, length]: every position sees the tokens that are not padding. */
function visibleTokens(g: GraphBuilder, ids: Value, mask: Value): Value {
  const length = g.op('Slice', [g.op('Shape', [ids]), g.int64([1]), g.int64([2])]);
  const one = g.int64([1]);
  const square = g.op('Concat', [one, one, length, one], { axis: 0 });
  return g.op('Expand', [g.op('Cast', [g.op('Unsqueeze', [mask, g.int64([1, 2])])], { to: 9 }), square]);
}

/** Word, position and type embeddings summed, [texts, length, dModel]; every token is of type 0. */
function embeddings(g: GraphBuilder, tensors: (name: string) => StoredTensor, ids: Value): Value {
  const table = (name: string): StoredTensor => tensors(`embeddings.${name}_embeddings.weight`);
  const widen = (stored: StoredTensor, value: Value): Value => (stored.dtype === 'F32' ? value : g.toFloat(value));
  const words = table('word');
  const positions = table('position');
  const types = table('token_type');
  const length = g.op('Slice', [g.op('Shape', [ids]), g.int64([1]), g.int64([2])]);
  const inPlace = widen(positions, g.op('Slice', [g.weight(positions), g.int64([0]), length, g.int64([0])]));
  const type = widen(types, g.op('Slice', [g.weight(types), g.int64([0]), g.int64([1]), g.int64([0])]));
  return g.op('Add', [widen(words, g.op('Gather', [g.weight(words), ids])), g.op('Add', [inPlace, type])]);
}

/** Mean over the tokens that are not padding, then L2 norm. */
function pooled(g: GraphBuilder, x: Value, mask: Value): Value {
  const kept = g.op('Mul', [x, g.op('Unsqueeze', [mask, g.int64([2])])]);
  const sum = g.op('ReduceSum', [kept, g.int64([1])], { keepdims: 0 });
  const count = g.op('ReduceSum', [mask, g.int64([1])], { keepdims: 1 });
  return g.op('LpNormalization', [g.op('Div', [sum, count])], { axis: -1, p: 2 });
}
