import { AppError } from '#lib/errors/app-error.ts';
import type { Checkpoint } from '#gpu-worker/model/checkpoint.ts';
import type { NormSpec } from '#gpu-worker/model/decoder-spec.ts';
import { linear } from '#gpu-worker/model/blocks/linear.ts';
import { resolveHookpoint } from '#gpu-worker/model/hookpoints.ts';
import { GraphBuilder, type Value } from '#gpu-worker/model/onnx-graph.ts';
import { openSession, type Device } from '#gpu-worker/model/onnx.ts';
import type { SparseCoder } from './coder.ts';
import { decoderRows } from './latent-change-graph.ts';

export const TOP_EFFECTS = 10;
export const EFFECT_BINS = 40;
/** What a block of effects may take. */
const BLOCK_BYTES = 64 * 2 ** 20;
const MOST_LATENTS = 256;

/**
 * What one unit of a latent adds to the logits of all tokens by the direct path: W_U W_dec[f], with the linear part of the
 * final norm before the unembedding (its weights, and for a layer norm the centring). Left out is what depends on the rest
 * of the stream: the norm's division, one positive factor for all tokens, and a soft cap, which keeps their order.
 */
export interface LogitEffects {
  latent: number;
  /** Tokens of greatest effect, greatest first, and of least, least first; ten, or as many as there are tokens. */
  promoted: readonly TokenEffect[];
  suppressed: readonly TokenEffect[];
  /** Counts of all tokens' effects in 40 bins of equal width from the least to the greatest. */
  histogram: Uint32Array;
}

export interface TokenEffect {
  token: number;
  effect: number;
}

export interface LogitEffectsRequest {
  checkpoint: Checkpoint;
  coder: SparseCoder;
  /** Where its reconstruction belongs. */
  hookpoint: string;
  threads?: number | undefined;
  device?: Device;
}

/** The effects of a coder's latents, with the session that computes them held open. */
export interface OpenLogitEffects {
  /** In the order asked for, block by block: at no time is there a matrix of all latents and all tokens. Throws AppError 'bad_request' for a latent that is not there. */
  of(latents: readonly number[]): AsyncGenerator<LogitEffects>;
  close(): Promise<void>;
}

/**
 * Opens the way from a coder's latents straight to the logits. Throws AppError 'unsupported' for a hookpoint from which
 * nothing goes there, 'shape_mismatch' for a coder that writes vectors of another width.
 */
export async function openLogitEffects({ checkpoint, coder, hookpoint, threads, device }: LogitEffectsRequest): Promise<OpenLogitEffects> {
  const { vocabSize } = checkpoint;
  const top = Math.min(TOP_EFFECTS, vocabSize);
  const session = await openSession(effectsGraph(checkpoint, coder, hookpoint, top), { threads, ...(device ? { device } : {}) });
  const block = Math.max(1, Math.min(MOST_LATENTS, Math.floor(BLOCK_BYTES / (4 * vocabSize))));
  return {
    async *of(latents) {
      const outside = latents.find((latent) => !Number.isInteger(latent) || latent < 0 || latent >= coder.width);
      if (outside !== undefined)
        throw new AppError('bad_request', `The coder has latents 0 to ${coder.width - 1}; ${outside} was asked for.`, { field: 'latent' });
      for (let first = 0; first < latents.length; first += block) {
        const some = latents.slice(first, first + block);
        const outputs = await session.run({ latents: { data: BigInt64Array.from(some, BigInt), shape: [some.length] } });
        const floats = (name: string): Float32Array => outputs[name]!.data as Float32Array;
        const list = (name: string, row: number): TokenEffect[] => {
          const [values, ids] = [floats(`${name}.values`), outputs[`${name}.tokens`]!.data as Int32Array];
          return Array.from({ length: top }, (_, i) => ({ token: ids[row * top + i]!, effect: values[row * top + i]! }));
        };
        for (const [row, latent] of some.entries()) {
          const [promoted, suppressed] = [list('promoted', row), list('suppressed', row)];
          if (!promoted.every(({ effect }) => Number.isFinite(effect)))
            throw new AppError('corrupt_file', `The effects of latent ${latent} of ${coder.dir} are not finite numbers: its weights are damaged.`);
          const effects = floats('effects').subarray(row * vocabSize, (row + 1) * vocabSize);
          yield { latent, promoted, suppressed, histogram: histogramOf(effects, suppressed[0]!.effect, promoted[0]!.effect) };
        }
      }
    },
    close: () => session.release(),
  };
}

/** The same for some latents, once. Throws what `openLogitEffects` and its `of` throw. */
export async function* logitEffects({ latents, ...request }: LogitEffectsRequest & { latents: readonly number[] }): AsyncGenerator<LogitEffects> {
  const effects = await openLogitEffects(request);
  try {
    yield* effects.of(latents);
  } finally {
    await effects.close();
  }
}

function effectsGraph(checkpoint: Checkpoint, coder: SparseCoder, hookpoint: string, top: number): ReturnType<GraphBuilder['build']> {
  const { spec, tensors, vocabSize, dModel } = checkpoint;
  const { name, width } = resolveHookpoint(spec, hookpoint);
  if (coder.dOut !== width)
    throw new AppError('shape_mismatch', `The sparse coder ${coder.dir} writes vectors of ${coder.dOut}, but ${name} of ${checkpoint.name} has ${width}.`);
  const g = new GraphBuilder();
  const rows = decoderRows(g, coder, g.input('latents', 'int64', ['latents']));
  const stream = linearPart(g, checkpoint, spec.finalNorm, toStream(g, checkpoint, name, rows));
  const head = { weight: spec.head.weight, inputs: dModel, outputs: vocabSize, layout: 'out_in' as const };
  const effects = linear(g, tensors, head, stream);
  g.output('effects', effects, 'float', ['latents', vocabSize]);
  for (const [kind, largest] of [['promoted', 1], ['suppressed', 0]] as const) {
    const [values, tokens] = g.ops('TopK', [effects, g.int64([top])], 2, { axis: -1, largest, sorted: 1 });
    g.output(`${kind}.values`, values!, 'float', ['latents', top]);
    g.output(`${kind}.tokens`, g.op('Cast', [tokens!], { to: 6 }), 'int32', ['latents', top]);
  } // prettier-ignore
  return g.build();
}

const SITE = /^layers\.(\d+)\.(.+)$/;

/** What vectors at a hookpoint add to the residual stream. */
function toStream(g: GraphBuilder, checkpoint: Checkpoint, hookpoint: string, rows: Value): Value {
  const { spec, tensors } = checkpoint;
  const [, n, site] = SITE.exec(hookpoint) ?? [];
  const layer = n === undefined ? undefined : spec.layers[Number(n)];
  if (layer === undefined || site === undefined) return rows;
  const through = (matrix: typeof layer.mlp.down, post: NormSpec | undefined, x: Value): Value => {
    const out = linear(g, tensors, { weight: matrix.weight, inputs: matrix.inputs, outputs: matrix.outputs, layout: matrix.layout }, x);
    return post ? linearPart(g, checkpoint, post, out) : out;
  };
  switch (site) {
    case 'attn':
    case 'mlp':
      return rows;
    case 'attn.out':
      return layer.postAttentionNorm ? linearPart(g, checkpoint, layer.postAttentionNorm, rows) : rows;
    case 'mlp.out':
      return layer.postMlpNorm ? linearPart(g, checkpoint, layer.postMlpNorm, rows) : rows;
    case 'attn.z':
      return through(layer.attention.output, layer.postAttentionNorm, rows);
    case 'mlp.neurons':
      return through(layer.mlp.down, layer.postMlpNorm, rows);
    default:
      throw new AppError('unsupported', `Nothing goes from ${hookpoint} straight to the logits.`, { field: 'hookpoint' });
  }
}

/** A norm without its division and its bias: what does not depend on the rest of the vector. */
function linearPart(g: GraphBuilder, { tensors }: Checkpoint, norm: NormSpec, x: Value): Value {
  const stored = g.floatWeight(tensors(norm.weight));
  const weight = norm.onePlus ? g.op('Add', [stored, g.float([1])]) : stored;
  const centred = norm.kind === 'layer' ? g.op('Sub', [x, g.op('ReduceMean', [x, g.int64([-1])])]) : x;
  return g.op('Mul', [centred, weight]);
}

function histogramOf(effects: Float32Array, least: number, greatest: number): Uint32Array {
  const histogram = new Uint32Array(EFFECT_BINS);
  const scale = greatest > least ? EFFECT_BINS / (greatest - least) : 0;
  for (const effect of effects) histogram[Math.min(EFFECT_BINS - 1, Math.floor((effect - least) * scale))]!++;
  return histogram;
}
