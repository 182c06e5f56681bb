import { GraphBuilder, type Graph, type Value } from '#gpu-worker/model/onnx-graph.ts';
import type { PlainTensor } from '#gpu-worker/model/onnx.ts';

/** Sizes of one attention: heads share key/value heads in groups. */
export interface AttentionSizes {
  rows: number;
  length: number;
  heads: number;
  kvHeads: number;
  headDim: number;
}

/** A way to compute causal attention of q [rows, length, heads · headDim] over k, v [rows, length, kvHeads · headDim]. */
export interface AttentionVariant {
  name: string;
  write(g: GraphBuilder, qkv: readonly [Value, Value, Value], sizes: AttentionSizes): Value;
  /** Inputs beside q, k and v. */
  inputs(sizes: AttentionSizes): Record<string, PlainTensor>;
}

export const ATTENTION_VARIANTS: readonly AttentionVariant[] = [
  { name: 'Attention (opset 23)', write: standard, inputs: () => ({}) },
  {
    name: 'GroupQueryAttention (contrib)',
    write: grouped,
    inputs: ({ rows, length }) => ({ last: { data: new Int32Array(rows).fill(length - 1), shape: [rows] } }),
  },
  { name: 'MultiHeadAttention (contrib)', write: multiHead, inputs: () => ({}) },
  { name: 'plain operators', write: plain, inputs: () => ({}) },
];

export function attentionGraph({ write }: AttentionVariant, sizes: AttentionSizes): Graph {
  const g = new GraphBuilder();
  const { rows, length, heads, kvHeads, headDim } = sizes;
  const input = (name: string, count: number): Value => g.input(name, 'float', [rows, length, count * headDim]);
  g.output('z', write(g, [input('q', heads), input('k', kvHeads), input('v', kvHeads)], sizes), 'float', [rows, length, heads * headDim]);
  return g.build();
}

function standard(g: GraphBuilder, qkv: readonly [Value, Value, Value], { heads, kvHeads, headDim }: AttentionSizes): Value {
  return g.op('Attention', qkv, { q_num_heads: heads, kv_num_heads: kvHeads, is_causal: 1, scale: { float: 1 / Math.sqrt(headDim) } });
}

function grouped(g: GraphBuilder, [q, k, v]: readonly [Value, Value, Value], { rows, length, heads, kvHeads }: AttentionSizes): Value {
  const last = g.input('last', 'int32', [rows]);
  const total = g.op('Cast', [g.int64([length], [])], { to: 6 });
  return g.ops('GroupQueryAttention', [q, k, v, '', '', last, total], 3, { num_heads: heads, kv_num_heads: kvHeads }, 'com.microsoft')[0]!;
}

function multiHead(g: GraphBuilder, [q, k, v]: readonly [Value, Value, Value], sizes: AttentionSizes): Value {
  const { rows, length, heads, headDim } = sizes;
  const flat = (x: Value): Value => g.op('Reshape', [repeated(g, x, sizes), g.int64([rows, length, heads * headDim])]);
  return g.op('MultiHeadAttention', [q, flat(k), flat(v)], { num_heads: heads, unidirectional: 1 }, 'com.microsoft');
}

function plain(g: GraphBuilder, [q, k, v]: readonly [Value, Value, Value], sizes: AttentionSizes): Value {
  const { rows, length, heads, headDim } = sizes;
  const byHead = (x: Value): Value => g.op('Transpose', [g.op('Reshape', [x, g.int64([rows, length, heads, headDim])])], { perm: [0, 2, 1, 3] });
  const keys = g.op('Transpose', [g.op('Reshape', [repeated(g, k, sizes), g.int64([rows, length, heads, headDim])])], { perm: [0, 2, 3, 1] });
  const scores = g.op('MatMul', [g.op('Mul', [byHead(q), g.float([1 / Math.sqrt(headDim)])]), keys]);
  const future = Float32Array.from({ length: length * length }, (_, i) => (i % length > Math.floor(i / length) ? -1e9 : 0));
  const weights = g.op('Softmax', [g.op('Add', [scores, g.float(future, [length, length])])], { axis: -1 });
  const z = g.op('MatMul', [weights, byHead(repeated(g, v, sizes))]);
  return g.op('Reshape', [g.op('Transpose', [z], { perm: [0, 2, 1, 3] }), g.int64([rows, length, heads * headDim])]);
}

/** Key or value heads repeated for the query heads that share them, [rows, length, kvHeads, group, headDim]. */
function repeated(g: GraphBuilder, x: Value, { rows, length, heads, kvHeads, headDim }: AttentionSizes): Value {
  const apart = g.op('Reshape', [x, g.int64([rows, length, kvHeads, 1, headDim])]);
  return g.op('Expand', [apart, g.int64([rows, length, kvHeads, heads / kvHeads, headDim])]);
}
