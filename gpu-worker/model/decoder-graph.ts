import { attentionHeads, type AttentionInputs, type KeysAndValues } from './blocks/attention.ts';
import { linear } from './blocks/linear.ts';
import { mlpNeurons } from './blocks/mlp.ts';
import { norm } from './blocks/norm.ts';
import type { AttentionSpec, DecoderSpec, LayerSpec } from './decoder-spec.ts';
import type { TensorLookup } from './decoder-tensors.ts';
import { INPUT } from './decoder-inputs.ts';
import type { GraphBuilder, Value } from './onnx-graph.ts';

/** A written decoder. */
export interface DecoderGraph {
  /** Hidden states by hookpoint name, each [tokens, width], after any change that was made there. */
  hookpoints: ReadonlyMap<string, Value>;
  /** Final norm and head over some rows of the last block's output: [n, dModel] to [n, vocabulary]. */
  logits(stream: Value): Value;
  /** With a cache: keys and values of all tokens so far, by layer. */
  cache: readonly (KeysAndValues & { spec: AttentionSpec })[];
}

export interface DecoderOptions {
  /** Whether the rows continue others whose keys and values are given: for generation. */
  cached?: boolean;
  /** May put another value in a hookpoint's place; what follows then reads that. */
  change?(hookpoint: string, value: Value, before: ReadonlyMap<string, Value>, rowShape: Value): Value;
}

/**
 * Writes the whole decoder into the graph. What no output needs is dropped when the graph is built, so asking for an
 * early hookpoint costs only the blocks before it. Its inputs are those of decoder-inputs.ts.
 */
export function writeDecoder(g: GraphBuilder, spec: DecoderSpec, tensors: TensorLookup, options: DecoderOptions = {}): DecoderGraph {
  const hookpoints = new Map<string, Value>();
  const cache: (KeysAndValues & { spec: AttentionSpec })[] = [];
  const ids = g.input(INPUT.ids, 'int32', ['rows', 'length']);
  const inputs = attentionInputs(g, spec, ids, options.cached ?? false, cache);
  const hook = (name: string, value: Value): Value => {
    const changed = options.change?.(name, value, hookpoints, inputs.rowShape) ?? value;
    hookpoints.set(name, changed);
    return changed;
  };
  let stream = hook('embed', embed(g, spec, tensors, inputs, ids));
  spec.layers.forEach((layer, n) => {
    stream = writeBlock(g, n, layer, tensors, inputs, stream, hook);
  });
  return { hookpoints, logits: (rows) => logits(g, spec, tensors, rows), cache };
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

function writeBlock(
  g: GraphBuilder,
  n: number,
  layer: LayerSpec,
  tensors: TensorLookup,
  inputs: AttentionInputs,
  stream: Value,
  hook: (name: string, value: Value) => Value,
): Value {
  const at = `layers.${n}`;
  const z = hook(`${at}.attn.z`, attentionHeads(g, tensors, n, layer.attention, inputs, norm(g, tensors, layer.attentionNorm, stream)));
  const attentionOut = hook(`${at}.attn.out`, linear(g, tensors, layer.attention.output, z));
  const attention = hook(`${at}.attn`, layer.postAttentionNorm ? norm(g, tensors, layer.postAttentionNorm, attentionOut) : attentionOut);
  const middle = g.op('Add', [stream, attention]);
  const mlpIn = hook(`${at}.mlp.in`, norm(g, tensors, layer.mlpNorm, layer.residual === 'parallel' ? stream : middle));
  const neurons = hook(`${at}.mlp.neurons`, mlpNeurons(g, tensors, layer.mlp, mlpIn));
  const mlpOut = hook(`${at}.mlp.out`, linear(g, tensors, layer.mlp.down, neurons));
  const mlp = hook(`${at}.mlp`, layer.postMlpNorm ? norm(g, tensors, layer.postMlpNorm, mlpOut) : mlpOut);
  return hook(at, g.op('Add', [middle, mlp]));
}

function logits(g: GraphBuilder, spec: DecoderSpec, tensors: TensorLookup, stream: Value): Value {
  const head = { weight: spec.head.weight, inputs: spec.dModel, outputs: spec.vocabSize, layout: 'out_in' as const };
  const raw = linear(g, tensors, head, norm(g, tensors, spec.finalNorm, stream));
  if (spec.head.softcap === undefined) return raw;
  const cap = g.float([spec.head.softcap]);
  return g.op('Mul', [g.op('Tanh', [g.op('Div', [raw, cap])]), cap]);
}

function attentionInputs(g: GraphBuilder, spec: DecoderSpec, ids: Value, cached: boolean, cache: (KeysAndValues & { spec: AttentionSpec })[]): AttentionInputs {
  const mask = (name: string): Value => g.input(name, 'bool', cached ? ['rows', 1, 'length', 'total'] : ['length', 'length']);
  return {
    rowShape: g.op('Concat', [g.op('Shape', [ids]), g.int64([-1])], { axis: 0 }),
    positions: g.input(INPUT.positions, 'int64', ['rows', 'length']),
    rope: (name) => {
      const rope = spec.ropes[name];
      if (!rope) throw new RangeError(`no rotary embedding is called ${name}`);
      const shape = ['reach', Math.ceil(rope.dim / 2)];
      return { cos: g.input(INPUT.cos(name), 'float', shape), sin: g.input(INPUT.sin(name), 'float', shape), spec: rope };
    },
    mask: (window) => (window !== undefined ? mask(INPUT.window(window)) : cached ? mask(INPUT.full) : null),
    past: (layer, { kvHeads, headDim }) => {
      if (!cached) return null;
      const shape = ['rows', kvHeads, 'past', headDim];
      return { keys: g.input(INPUT.keys(layer), 'float', shape), values: g.input(INPUT.values(layer), 'float', shape) };
    },
    keep: (layer, attention, present) => {
      cache[layer] = { ...present, spec: attention };
    },
  };
}
