import { AppError } from '#lib/errors/app-error.ts';
import { writeLatentChange } from '#gpu-worker/sparse-coder/latent-change-graph.ts';
import type { Checkpoint } from './checkpoint.ts';
import { writeDecoder, type DecoderOptions } from './decoder-graph.ts';
import { INPUT, ropeInputs, windowsOf } from './decoder-inputs.ts';
import { resolveHookpoint } from './hookpoints.ts';
import { interventionInputs, SITE_INPUT, type Intervention, type InterventionSite } from './intervention.ts';
import { openSession, type Device, type PlainTensor } from './onnx.ts';
import { GraphBuilder, type Value } from './onnx-graph.ts';

/** Keys and values of the tokens so far. Rows are padded on the left to one length. */
export interface Cache {
  rows: number;
  /** Tokens in the cache a row, padding included. */
  length: number;
  /** Padding tokens at the beginning of each row. */
  padding: Int32Array;
  tensors: readonly { keys: PlainTensor; values: PlainTensor }[];
}

export interface CachedDecoder {
  checkpoint: Checkpoint;
  /** An empty cache for rows with the given padding. */
  start(padding: Int32Array): Cache;
  /**
   * Reads `ids` [rows, length] after what is in the cache. Gives the cache that holds them too, and the logits
   * [n, vocabulary] at the flat places `at` (row · length + i). Interventions act by position within the row.
   */
  forward(cache: Cache, ids: Int32Array, at: readonly number[], interventions?: readonly Intervention[]): Promise<{ cache: Cache; logits: Float32Array }>;
  close(): Promise<void>;
}

const READ_AT = 'read_at';

/**
 * Opens a checkpoint for generation: each run continues rows whose keys and values are given, and the sites can be
 * intervened on without another graph. Throws AppError 'bad_request' or 'shape_mismatch' for a site that does not fit.
 */
export async function openCachedDecoder(o: {
  checkpoint: Checkpoint;
  sites?: readonly InterventionSite[];
  threads?: number;
  device?: Device;
}): Promise<CachedDecoder> {
  const { checkpoint, sites = [] } = o;
  const { spec } = checkpoint;
  const g = new GraphBuilder();
  const widths = sites.map((site) => checkSite(checkpoint, site));
  const decoder = writeDecoder(g, spec, checkpoint.tensors, { cached: true, change: siteChanges(g, checkpoint, sites, widths) });
  const last = decoder.hookpoints.get(`layers.${spec.nLayers - 1}`)!;
  const readAt = g.input(READ_AT, 'int64', ['reads']);
  g.output('logits', decoder.logits(g.op('Gather', [last, readAt])), 'float', ['reads', spec.vocabSize]);
  decoder.cache.forEach(({ keys, values, spec: { kvHeads, headDim } }, layer) => {
    g.output(`keys_${layer}`, keys, 'float', ['rows', kvHeads, 'total', headDim]);
    g.output(`values_${layer}`, values, 'float', ['rows', kvHeads, 'total', headDim]);
  });
  const session = await openSession(g.build(), { threads: o.threads, device: o.device });

  return {
    checkpoint,
    start: (padding) => ({
      rows: padding.length,
      length: 0,
      padding,
      tensors: spec.layers.map(({ attention: { kvHeads, headDim } }) => {
        const empty = { data: new Float32Array(0), shape: [padding.length, kvHeads, 0, headDim] };
        return { keys: empty, values: empty };
      }),
    }),
    forward: async (cache, ids, at, interventions = []) => {
      const { rows, padding } = cache;
      const length = ids.length / rows;
      const total = cache.length + length;
      if (!Number.isInteger(length) || length < 1) throw new AppError('bad_request', `${ids.length} token ids do not make ${rows} rows.`);
      const longest = total - Math.min(...padding);
      if (spec.embedding.positions !== undefined && longest > spec.contextLength) {
        throw new AppError('bad_request', `A row of ${longest} tokens is longer than the model's ${spec.contextLength} positions.`);
      }
      const start = padding.map((pad) => cache.length - pad);
      const outputs = await session.run({
        ...ropeInputs(spec, session.inputNames, longest),
        ...masks(cache, length, [undefined, ...windowsOf(spec)]),
        ...interventionInputs(sites, widths, interventions, { rows, length, start }),
        ...Object.fromEntries(
          cache.tensors.flatMap(({ keys, values }, layer) => [
            [INPUT.keys(layer), keys],
            [INPUT.values(layer), values],
          ]),
        ),
        [INPUT.ids]: { data: ids, shape: [rows, length] },
        [INPUT.positions]: {
          data: BigInt64Array.from(ids, (_, i) => BigInt(Math.max(0, start[Math.floor(i / length)]! + (i % length)))),
          shape: [rows, length],
        },
        [READ_AT]: { data: BigInt64Array.from(at, BigInt), shape: [at.length] },
      });
      const logits = outputs['logits']?.data;
      if (!(logits instanceof Float32Array)) throw new AppError('internal', 'The graph gave no logits.');
      if (logits.some(Number.isNaN)) throw new AppError('corrupt_file', `${checkpoint.name} gives logits that are not numbers: its weights are damaged.`);
      const tensors = spec.layers.map((_, layer) => ({ keys: outputs[`keys_${layer}`]!, values: outputs[`values_${layer}`]! }));
      return { cache: { rows, padding, length: total, tensors }, logits };
    },
    close: () => session.release(),
  };
}

/** What the cache held when it was `length` tokens long, of one row without padding: how prompts that begin alike share their beginning. */
export function truncateCache(cache: Cache, length: number): Cache {
  const truncate = ({ data, shape }: PlainTensor): PlainTensor => {
    const [rows = 0, heads = 0, total = 0, width = 0] = shape;
    const out = new Float32Array(rows * heads * length * width);
    for (let head = 0; head < rows * heads; head++)
      out.set((data as Float32Array).subarray(head * total * width, (head * total + length) * width), head * length * width);
    return { data: out, shape: [rows, heads, length, width] };
  };
  return { ...cache, length, tensors: cache.tensors.map(({ keys, values }) => ({ keys: truncate(keys), values: truncate(values) })) };
}

/** The same cache for `copies` rows: how a prefix read once serves many continuations. Needs a cache of one row. */
export function repeatCache(cache: Cache, copies: number): Cache {
  const repeat = ({ data, shape }: PlainTensor): PlainTensor => {
    const out = new Float32Array(data.length * copies);
    for (let i = 0; i < copies; i++) out.set(data as Float32Array, i * data.length);
    return { data: out, shape: [copies, ...shape.slice(1)] };
  };
  return {
    rows: copies,
    length: cache.length,
    padding: new Int32Array(copies).fill(cache.padding[0]!),
    tensors: cache.tensors.map(({ keys, values }) => ({ keys: repeat(keys), values: repeat(values) })),
  };
}

/** Width of the site's hookpoint. */
function checkSite(checkpoint: Checkpoint, site: InterventionSite): number {
  const { width, name } = resolveHookpoint(checkpoint.spec, site.hookpoint);
  if (site.kind === 'vector') return width;
  const read = resolveHookpoint(checkpoint.spec, site.readAt);
  const { dIn, dOut, dir } = site.coder;
  if (dIn !== read.width || dOut !== width) {
    throw new AppError(
      'shape_mismatch',
      `The sparse coder ${dir} takes vectors of ${dIn} to ${dOut}, but ${read.name} has ${read.width} and ${name} ${width}.`,
    );
  }
  return width;
}

function siteChanges(
  g: GraphBuilder,
  checkpoint: Checkpoint,
  sites: readonly InterventionSite[],
  widths: readonly number[],
): NonNullable<DecoderOptions['change']> {
  const names = sites.map((site) => resolveHookpoint(checkpoint.spec, site.hookpoint).name);
  return (hookpoint, value, before, rowShape) =>
    sites.reduce<Value>((hidden, site, i) => {
      if (names[i] !== hookpoint) return hidden;
      const width = widths[i]!;
      if (site.kind === 'vector') {
        const added = g.op('Add', [g.op('Reshape', [hidden, rowShape]), g.input(SITE_INPUT.vector(i), 'float', [`rows_${i}`, `length_${i}`, width])]);
        return g.op('Reshape', [added, g.int64([-1, width])]);
      }
      const readAt = resolveHookpoint(checkpoint.spec, site.readAt).name;
      const x = readAt === hookpoint ? hidden : before.get(readAt);
      if (x === undefined) throw new AppError('bad_request', `${readAt} comes after ${hookpoint}: a coder can only write to what follows its input.`);
      const index = g.input(SITE_INPUT.index(i), 'int64', [`latents_${i}`]);
      // Either one value for all tokens or one each; spread over the tokens either way.
      const perToken = (name: string): Value => {
        const given = g.input(name, 'float', [`rows_${i}`, `length_${i}`, `latents_${i}`]);
        return g.op('Reshape', [given, g.op('Concat', [g.int64([-1]), g.op('Shape', [index])], { axis: 0 })]);
      };
      return g.op('Add', [hidden, writeLatentChange(g, site.coder, x, index, perToken(SITE_INPUT.keep(i)), perToken(SITE_INPUT.value(i)))]);
    }, value);
}

/** Masks [rows, 1, length, total]: what each new token may look at, itself always (padding too, so that nothing is NaN). */
function masks({ rows, length: past, padding }: Cache, length: number, windows: readonly (number | undefined)[]): Record<string, PlainTensor> {
  const total = past + length;
  return Object.fromEntries(
    windows.map((window) => {
      const data = new Uint8Array(rows * length * total);
      for (let row = 0; row < rows; row++) {
        for (let i = 0; i < length; i++) {
          const here = past + i;
          const first = Math.min(here, Math.max(padding[row]!, window === undefined ? 0 : here - window + 1));
          const at = (row * length + i) * total;
          data.fill(1, at + first, at + here + 1);
        }
      }
      return [window === undefined ? INPUT.full : INPUT.window(window), { data, shape: [rows, 1, length, total] }];
    }),
  );
}
