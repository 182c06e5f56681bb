import { attentionHeads, type AttentionInputs } from './blocks/attention.ts';
import { linear } from './blocks/linear.ts';
import { mlpNeurons } from './blocks/mlp.ts';
import { norm } from './blocks/norm.ts';
import type { DecoderSpec, LayerSpec } from './decoder-spec.ts';
import type { TensorLookup } from './decoder-tensors.ts';
import type { GraphBuilder, Value } from './onnx-graph.ts';
import { ropeTable } from './rope.ts';
import type { PlainTensor } from './onnx.ts';

/** Values of a written decoder by hookpoint name, each [tokens, width], and `logits` [tokens, vocabulary]. */
export type DecoderValues = ReadonlyMap<string, Value>;

/**
 * Writes the whole decoder into the graph and returns every hookpoint's value. What no output needs is dropped when
 * the graph is built, so asking for an early hookpoint costs only the blocks before it.
 */
export function writeDecoder(g: GraphBuilder, spec: DecoderSpec, tensors: TensorLookup): DecoderValues {
  const values = new Map<string, Value>();
  const ids = g.input('input_ids', 'int32', ['rows', 'length']);
  const inputs = attentionInputs(g, spec, ids);
  let stream = embed(g, spec, tensors, inputs, ids);
  values.set('embed', stream);
  spec.layers.forEach((layer, n) => {
    stream = writeBlock(g, layer, tensors, inputs, stream, (site, value) => values.set(site === '' ? `layers.${n}` : `layers.${n}.${site}`, value));
  });
  values.set('logits', logits(g, spec, tensors, stream));
  return values;
}

function embed(g: GraphBuilder, spec: DecoderSpec, tensors: TensorLookup, inputs: AttentionInputs, ids: Value): Value {
  const flat = g.int64([-1]);
  const look = (name: string, indices: Value): Value => {
    const stored = tensors(name);
    const rows = g.op('Gather', [g.weight(stored), g.op('Reshape', [indices, flat])]);
    // Widened after the lookup: widening the matrix would hold the whole vocabulary in memory twice.
    return stored.dtype === 'F32' ? rows : g.toFloat(rows);
  };
  const { tokens, positions, scale } = spec.embedding;
  let stream = look(tokens, ids);
  if (scale !== undefined) stream = g.op('Mul', [stream, g.float([scale])]);
  return positions === undefined ? stream : g.op('Add', [stream, look(positions, inputs.positions)]);
}

function writeBlock(g: GraphBuilder, layer: LayerSpec, tensors: TensorLookup, inputs: AttentionInputs, stream: Value, hook: (site: string, value: Value) => void): Value {
  const z = attentionHeads(g, tensors, layer.attention, inputs, norm(g, tensors, layer.attentionNorm, stream));
  hook('attn.z', z);
  const attentionOut = linear(g, tensors, layer.attention.output, z);
  hook('attn.out', attentionOut);
  const attention = layer.postAttentionNorm ? norm(g, tensors, layer.postAttentionNorm, attentionOut) : attentionOut;
  hook('attn', attention);
  const middle = g.op('Add', [stream, attention]);
  const mlpIn = norm(g, tensors, layer.mlpNorm, layer.residual === 'parallel' ? stream : middle);
  hook('mlp.in', mlpIn);
  const neurons = mlpNeurons(g, tensors, layer.mlp, mlpIn);
  hook('mlp.neurons', neurons);
  const mlpOut = linear(g, tensors, layer.mlp.down, neurons);
  hook('mlp.out', mlpOut);
  const mlp = layer.postMlpNorm ? norm(g, tensors, layer.postMlpNorm, mlpOut) : mlpOut;
  hook('mlp', mlp);
  const out = g.op('Add', [middle, mlp]);
  hook('', out);
  return out;
}

function logits(g: GraphBuilder, spec: DecoderSpec, tensors: TensorLookup, stream: Value): Value {
  const head = { weight: spec.head.weight, inputs: spec.dModel, outputs: spec.vocabSize, layout: 'out_in' as const };
  const raw = linear(g, tensors, head, norm(g, tensors, spec.finalNorm, stream));
  if (spec.head.softcap === undefined) return raw;
  const cap = g.float([spec.head.softcap]);
  return g.op('Mul', [g.op('Tanh', [g.op('Div', [raw, cap])]), cap]);
}

const ROPE_COS = 'rope_cos_';
const ROPE_SIN = 'rope_sin_';
const WINDOW = 'window_';

function attentionInputs(g: GraphBuilder, spec: DecoderSpec, ids: Value): AttentionInputs {
  return {
    rowShape: g.op('Concat', [g.op('Shape', [ids]), g.int64([-1])], { axis: 0 }),
    positions: g.input('positions', 'int64', ['rows', 'length']),
    rope: (name) => {
      const rope = spec.ropes[name];
      if (!rope) throw new RangeError(`no rotary embedding is called ${name}`);
      const frequencies = Math.ceil(rope.dim / 2);
      return {
        cos: g.input(ROPE_COS + name, 'float', ['length', frequencies]),
        sin: g.input(ROPE_SIN + name, 'float', ['length', frequencies]),
        spec: rope,
      };
    },
    windowMask: (window) => g.input(WINDOW + window, 'bool', ['length', 'length']),
  };
}

/**
 * The inputs a decoder's graph takes beside the tokens, for rows of equal length. Only those named in `wanted` are made.
 */
export function decoderInputs(spec: DecoderSpec, wanted: readonly string[], rows: number, length: number): Record<string, PlainTensor> {
  const inputs: Record<string, PlainTensor> = {};
  for (const name of wanted) {
    if (name === 'positions') {
      const positions = BigInt64Array.from({ length: rows * length }, (_, i) => BigInt(i % length));
      inputs[name] = { data: positions, shape: [rows, length] };
    } else if (name.startsWith(WINDOW)) {
      inputs[name] = { data: windowMask(length, Number(name.slice(WINDOW.length))), shape: [length, length] };
    }
  }
  for (const [name, rope] of Object.entries(spec.ropes)) {
    if (!wanted.includes(ROPE_COS + name)) continue;
    const { cos, sin, frequencies } = ropeTable(rope, length);
    inputs[ROPE_COS + name] = { data: cos, shape: [length, frequencies] };
    inputs[ROPE_SIN + name] = { data: sin, shape: [length, frequencies] };
  }
  return inputs;
}

/** [length, length]: 1 where position i may look at j, i - window < j ≤ i. */
function windowMask(length: number, window: number): Uint8Array {
  const mask = new Uint8Array(length * length);
  for (let i = 0; i < length; i++) mask.fill(1, i * length + Math.max(0, i - window + 1), i * length + i + 1);
  return mask;
}
