import { activation } from '#gpu-worker/model/blocks/mlp.ts';
import type { GraphBuilder, Value } from '#gpu-worker/model/onnx-graph.ts';
import type { StoredTensor } from '#gpu-worker/model/stored-tensor.ts';
import { ENCODER_INPUT } from './encoder-inputs.ts';
import type { EncoderSpec } from './encoder-spec.ts';

/** What is added to the attention score of a padding token: enough that its weight is 0 in single precision beside any other. */
const HIDDEN = -1e9;

/**
 * Writes an encoder whose blocks norm after each sum (BERT and its kin). Its inputs are those of encoder-inputs.ts; the
 * result is [texts, length, dModel], with anything at padding tokens.
 */
export function writeEncoder(g: GraphBuilder, spec: EncoderSpec, tensors: (name: string) => StoredTensor): Value {
  const ids = g.input(ENCODER_INPUT.ids, 'int32', ['texts', 'length']);
  const weight = (name: string): Value => g.floatWeight(tensors(name));
  const norm = (name: string, x: Value): Value =>
    g.op('LayerNormalization', [x, weight(`${name}.weight`), weight(`${name}.bias`)], { axis: -1, epsilon: { float: spec.eps } });
  const linear = (name: string, x: Value): Value => g.op('Gemm', [x, weight(`${name}.weight`), weight(`${name}.bias`)], { transB: 1 });
  const rowShape = g.op('Concat', [g.op('Shape', [ids]), g.int64([-1])], { axis: 0 });
  const flat = g.int64([-1, spec.dModel]);
  const mask = attentionMask(g, spec, tensors, ids);

  let x = g.op('Reshape', [norm(spec.embedding.norm, embeddings(g, spec, tensors, ids)), flat]);
  for (const layer of spec.layers) {
    const rows = (name: string): Value => g.op('Reshape', [linear(name, x), rowShape]);
    const z = g.op('Attention', [rows(layer.query), rows(layer.key), rows(layer.value), mask], { q_num_heads: spec.heads, kv_num_heads: spec.heads });
    const attended = norm(layer.attentionNorm, g.op('Add', [linear(layer.attentionOutput, g.op('Reshape', [z, flat])), x]));
    x = norm(layer.outputNorm, g.op('Add', [linear(layer.down, activation(g, spec.activation, linear(layer.up, attended))), attended]));
  }
  return g.op('Reshape', [x, rowShape]);
}

/**
 * Which tokens a position sees, all that are not padding: bool [texts, 1, length, length]; or with a relative bias float
 * [texts, heads, length, length], added to the scores.
 */
function attentionMask(g: GraphBuilder, { relativeBias }: EncoderSpec, tensors: (name: string) => StoredTensor, ids: Value): Value {
  const mask = g.op('Unsqueeze', [g.input(ENCODER_INPUT.mask, 'float', ['texts', 'length']), g.int64([1, 2])]);
  if (relativeBias !== null) {
    const buckets = g.input(ENCODER_INPUT.buckets, 'int64', ['length', 'length']);
    const table = g.floatWeight(tensors(`${relativeBias.table}.weight`));
    const bias = g.op('Unsqueeze', [g.op('Transpose', [g.op('Gather', [table, buckets])], { perm: [2, 0, 1] }), g.int64([0])]);
    const hidden = g.op('Mul', [g.op('Sub', [g.float([1]), mask]), g.float([HIDDEN])]);
    return g.op('Add', [bias, hidden]);
  }
  const length = g.op('Slice', [g.op('Shape', [ids]), g.int64([1]), g.int64([2])]);
  const one = g.int64([1]);
  return g.op('Expand', [g.op('Cast', [mask], { to: 9 }), g.op('Concat', [one, one, length, one], { axis: 0 })]);
}

/** Word, position and type embeddings summed, [texts, length, dModel]; every token is of type 0. */
function embeddings(g: GraphBuilder, { embedding }: EncoderSpec, tensors: (name: string) => StoredTensor, ids: Value): Value {
  const widen = (stored: StoredTensor, value: Value): Value => (stored.dtype === 'F32' ? value : g.toFloat(value));
  const look = (name: string, indices: Value): Value => {
    const stored = tensors(`${name}.weight`);
    return widen(stored, g.op('Gather', [g.weight(stored), indices]));
  };
  const placed = g.op('Add', [look(embedding.words, ids), look(embedding.positions, g.input(ENCODER_INPUT.positions, 'int64', ['texts', 'length']))]);
  return embedding.types === null ? placed : g.op('Add', [placed, look(embedding.types, g.int64([0]))]);
}
