import { AppError } from '#lib/errors/app-error.ts';
import type { Cache } from './cached-decoder.ts';
import type { Checkpoint } from './checkpoint.ts';
import { writeDecoder } from './decoder-graph.ts';
import { INPUT, ropeInputs, windowsOf } from './decoder-inputs.ts';
import { openSession, type Device, type PlainTensor, type Session } from './onnx.ts';
import { GraphBuilder } from './onnx-graph.ts';

/** How likely a token was where it stands, and what else could have stood there. Natural logarithms. */
export interface TokenLikelihood {
  /** Null for a text's first token, as nothing stands before it. */
  logprob: number | null;
  /** Likeliest first. */
  top: { id: number; logprob: number }[];
}

/** Some tokens and what follows each of them: two lists of one length. */
export interface Reading {
  ids: Int32Array;
  next: Int32Array;
}

const TARGETS = 'targets';
const TOP = 'top';

/** A decoder of which only the likelihoods of given tokens leave the graph, not the vocabulary's logits. */
export interface LikelihoodGraph {
  start(): Cache;
  /**
   * Reads several texts side by side after what is in the cache; each sees that and itself, and takes the positions behind
   * it. Result: the likelihood of each `next`, text by text, and the cache grown by all of them, of use where there was one.
   */
  forward(cache: Cache, texts: readonly Reading[], top: number): Promise<{ cache: Cache; likelihoods: TokenLikelihood[] }>;
  close(): Promise<void>;
}

export async function openLikelihoodGraph(o: { checkpoint: Checkpoint; threads?: number; device?: Device }): Promise<LikelihoodGraph> {
  const { checkpoint } = o;
  const { spec, vocabSize } = checkpoint;
  const g = new GraphBuilder();
  const decoder = writeDecoder(g, spec, checkpoint.tensors, { cached: true });
  const logits = decoder.logits(decoder.hookpoints.get(`layers.${spec.nLayers - 1}`)!);
  const total = g.op('ReduceLogSumExp', [logits, g.int64([1])], { keepdims: 1 });
  const targets = g.input(TARGETS, 'int64', ['tokens', 1]);
  g.output('logprob', g.op('Sub', [g.op('GatherElements', [logits, targets], { axis: 1 }), total]), 'float', ['tokens', 1]);
  const [values, indices] = g.ops('TopK', [logits, g.input(TOP, 'int64', [1])], 2, { axis: 1 });
  g.output('top_logprobs', g.op('Sub', [values!, total]), 'float', ['tokens', 'alternatives']);
  g.output('top_ids', g.op('Cast', [indices!], { to: 6 }), 'int32', ['tokens', 'alternatives']);
  decoder.cache.forEach(({ keys, values: cached, spec: { kvHeads, headDim } }, layer) => {
    g.output(`keys_${layer}`, keys, 'float', ['rows', kvHeads, 'total', headDim]);
    g.output(`values_${layer}`, cached, 'float', ['rows', kvHeads, 'total', headDim]);
  });
  const session = await openSession(g.build(), { threads: o.threads, device: o.device });
  return {
    start: () => ({
      rows: 1,
      length: 0,
      padding: Int32Array.of(0),
      tensors: spec.layers.map(({ attention: { kvHeads, headDim } }) => {
        const empty = { data: new Float32Array(0), shape: [1, kvHeads, 0, headDim] };
        return { keys: empty, values: empty };
      }),
    }),
    async forward(cache, texts, top) {
      const ids = joined(texts.map((text) => text.ids));
      const asked = Math.min(vocabSize, top);
      const outputs = await session.run({
        ...sideBySide(checkpoint, session, cache, texts),
        [INPUT.ids]: { data: ids, shape: [1, ids.length] },
        [TARGETS]: { data: BigInt64Array.from(joined(texts.map(({ next }) => next)), BigInt), shape: [ids.length, 1] },
        // The operator takes no 0; the one that nobody asked for is left out of the result.
        [TOP]: { data: BigInt64Array.of(BigInt(Math.max(1, asked))), shape: [1] },
      });
      const tensors = spec.layers.map((_, layer) => ({ keys: outputs[`keys_${layer}`]!, values: outputs[`values_${layer}`]! }));
      return { cache: { ...cache, length: cache.length + ids.length, tensors }, likelihoods: likelihoodsOf(checkpoint, outputs, asked) };
    },
    close: () => session.release(),
  };
}

function likelihoodsOf({ name }: Checkpoint, outputs: Record<string, PlainTensor>, asked: number): TokenLikelihood[] {
  const [logprobs, topLogprobs, topIds] = [outputs['logprob']?.data, outputs['top_logprobs']?.data, outputs['top_ids']?.data];
  if (!(logprobs instanceof Float32Array) || !(topLogprobs instanceof Float32Array) || !(topIds instanceof Int32Array))
    throw new AppError('internal', 'The graph gave no likelihoods.');
  if (logprobs.some(Number.isNaN)) throw new AppError('corrupt_file', `${name} gives likelihoods that are not numbers: its weights are damaged.`);
  const width = topIds.length / logprobs.length;
  return Array.from(logprobs, (logprob, i) => ({
    logprob,
    top: Array.from({ length: asked }, (_, k) => ({ id: topIds[i * width + k]!, logprob: topLogprobs[i * width + k]! })),
  }));
}

/** Cache, positions, rotary tables and masks for texts that stand side by side in one row. */
function sideBySide({ spec }: Checkpoint, session: Session, cache: Cache, texts: readonly Reading[]): Record<string, PlainTensor> {
  const length = texts.reduce((sum, { ids }) => sum + ids.length, 0);
  const positions = texts.flatMap(({ ids }) => Array.from(ids, (_, i) => BigInt(cache.length + i)));
  const longest = cache.length + Math.max(...texts.map(({ ids }) => ids.length));
  const inputs: Record<string, PlainTensor> = {
    // The operator wants a table as long as what it turns, although no position reaches that far.
    ...ropeInputs(spec, session.inputNames, Math.max(longest, length)),
    [INPUT.positions]: { data: BigInt64Array.from(positions), shape: [1, length] },
  };
  for (const window of [undefined, ...windowsOf(spec)])
    inputs[window === undefined ? INPUT.full : INPUT.window(window)] = {
      data: mask(cache.length, texts, window),
      shape: [1, 1, length, cache.length + length],
    };
  cache.tensors.forEach(({ keys, values }, layer) => Object.assign(inputs, { [INPUT.keys(layer)]: keys, [INPUT.values(layer)]: values }));
  return inputs;
}

/** [length, past + length]: what each token may look at, the cache and its own text up to itself, within the window. */
function mask(past: number, texts: readonly Reading[], window: number = Infinity): Uint8Array {
  const length = texts.reduce((sum, { ids }) => sum + ids.length, 0);
  const total = past + length;
  const data = new Uint8Array(length * total);
  let first = 0;
  for (const { ids } of texts) {
    for (let i = 0; i < ids.length; i++) {
      const row = (first + i) * total;
      // The nearest `window` positions, itself among them: those of its own text, then those at the cache's end.
      data.fill(1, row + past + first + Math.max(0, i + 1 - window), row + past + first + i + 1);
      data.fill(1, row + Math.max(0, past + i + 1 - window), row + past);
    }
    first += ids.length;
  }
  return data;
}

function joined(lists: readonly Int32Array[]): Int32Array {
  const out = new Int32Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    out.set(list, at);
    at += list.length;
  }
  return out;
}
