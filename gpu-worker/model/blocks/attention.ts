import type { AttentionSpec, RopeSpec } from '#gpu-worker/model/decoder-spec.ts';
import type { TensorLookup } from '#gpu-worker/model/decoder-tensors.ts';
import type { GraphBuilder, Value } from '#gpu-worker/model/onnx-graph.ts';
import { linear } from './linear.ts';
import { norm } from './norm.ts';

/** What a graph's attention layers share: how tokens lie in rows, positions, rotary tables, masks, earlier keys. */
export interface AttentionInputs {
  /** int64 [3]: rows, length, -1. Brings [tokens, width] into rows. */
  rowShape: Value;
  /** int64 [rows, length]. */
  positions: Value;
  rope(name: string): { cos: Value; sin: Value; spec: RopeSpec };
  /** bool, true where a position may look; null when every position looks at itself and all before it. */
  mask(window: number | undefined): Value | null;
  /** Keys and values of the tokens before these, each [rows, kvHeads, past, headDim]; null without a cache. */
  past(layer: number, spec: AttentionSpec): KeysAndValues | null;
  /** Receives keys and values of all tokens so far when there is a cache. */
  keep(layer: number, spec: AttentionSpec, present: KeysAndValues): void;
}

export interface KeysAndValues {
  keys: Value;
  values: Value;
}

/**
 * Causal attention up to the output projection's input (`attn.z`). `x` [tokens, dModel], already normed; result
 * [tokens, heads · headDim]. Query head h reads key/value head floor(h / (heads / kvHeads)).
 */
export function attentionHeads(g: GraphBuilder, tensors: TensorLookup, layer: number, spec: AttentionSpec, inputs: AttentionInputs, x: Value): Value {
  const { heads, kvHeads, headDim } = spec;
  let [q, k, v] = projections(g, tensors, spec, inputs, x);
  if (spec.qNorm) q = headNorm(g, tensors, spec.qNorm, inputs, q, headDim);
  if (spec.kNorm) k = headNorm(g, tensors, spec.kNorm, inputs, k, headDim);
  if (spec.rope !== undefined) {
    q = rotate(g, inputs, spec.rope, q, heads, headDim);
    k = rotate(g, inputs, spec.rope, k, kvHeads, headDim);
  }
  const mask = inputs.mask(spec.window);
  const past = inputs.past(layer, spec);
  const attributes = {
    q_num_heads: heads,
    kv_num_heads: kvHeads,
    is_causal: mask === null ? 1 : 0,
    scale: { float: spec.scale },
    ...(spec.softcap === undefined ? {} : { softcap: { float: spec.softcap } }),
  };
  const operands = [q, k, v, ...(mask === null && past === null ? [] : [mask ?? ''])];
  if (past === null) return g.op('Reshape', [g.op('Attention', operands, attributes), g.int64([-1, heads * headDim])]);
  const [z, keys, values] = g.ops('Attention', [...operands, past.keys, past.values], 3, attributes);
  inputs.keep(layer, spec, { keys: keys!, values: values! });
  return g.op('Reshape', [z!, g.int64([-1, heads * headDim])]);
}

/** q, k and v, each [rows, length, heads · headDim]. */
function projections(g: GraphBuilder, tensors: TensorLookup, spec: AttentionSpec, inputs: AttentionInputs, x: Value): [Value, Value, Value] {
  const rows = (value: Value): Value => g.op('Reshape', [value, inputs.rowShape]);
  const { input, heads, headDim } = spec;
  if (input.kind === 'separate') {
    return [rows(linear(g, tensors, input.q, x)), rows(linear(g, tensors, input.k, x)), rows(linear(g, tensors, input.v, x))];
  }
  const qkv = linear(g, tensors, input.qkv, x);
  const shape = input.kind === 'thirds' ? [-1, 3, heads * headDim] : [-1, heads, 3, headDim];
  const parts = g.ops('Split', [g.op('Reshape', [qkv, g.int64(shape)])], 3, { axis: shape.length === 3 ? 1 : 2, num_outputs: 3 });
  return [rows(parts[0]!), rows(parts[1]!), rows(parts[2]!)];
}

function headNorm(
  g: GraphBuilder,
  tensors: TensorLookup,
  spec: NonNullable<AttentionSpec['qNorm']>,
  inputs: AttentionInputs,
  x: Value,
  headDim: number,
): Value {
  const perHead = g.op('Reshape', [x, g.int64([-1, headDim])]);
  return g.op('Reshape', [norm(g, tensors, spec, perHead), inputs.rowShape]);
}

function rotate(g: GraphBuilder, inputs: AttentionInputs, name: string, x: Value, heads: number, headDim: number): Value {
  const { cos, sin, spec } = inputs.rope(name);
  // An odd number of rotated elements is carried out on the next even one (GPT-NeoX).
  const rotated = 2 * Math.ceil(spec.dim / 2);
  return g.op('RotaryEmbedding', [x, cos, sin, inputs.positions], { num_heads: heads, rotary_embedding_dim: rotated === headDim ? 0 : rotated });
}
