import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { cosineMatrix } from '#lib/stats/cosine-matrix.ts';
import { cosineNeighbours } from '#gpu-worker/activations/neighbours/cosine.ts';
import { openCheckpoint, type Checkpoint } from '#gpu-worker/model/checkpoint.ts';
import type { LinearSpec, NormSpec } from '#gpu-worker/model/decoder-spec.ts';
import { readFloats } from '#gpu-worker/model/safetensors.ts';
import type { CoderMatrix, SparseCoder } from '#gpu-worker/sparse-coder/coder.ts';
import { logitEffects, type LogitEffects } from '#gpu-worker/sparse-coder/logit-effects.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';
import { GOLDEN, goldenFolders, readJson } from './golden.ts';

// A sum of some fifty products in single precision.
const ROUNDING = 1e-5;

const coders = await Promise.all(
  (await goldenFolders('coders')).map(async (name) => {
    const { coder_path: path } = await readJson(z.object({ coder_path: z.string() }), 'coders', name, 'golden.json');
    return [name, await openSparseCoder(join(GOLDEN, 'coders', name, path))] as const;
  }),
);

/** A matrix as its file has it, one row a latent. */
async function rowsOf({ tensor, layout, scale }: CoderMatrix, width: number): Promise<Float64Array> {
  const stored = await readFloats(tensor);
  const d = stored.length / width;
  return Float64Array.from(stored, (_, i) => scale * (layout === 'latents_first' ? stored[i]! : stored[(i % d) * width + Math.floor(i / d)]!));
}

describe.each(coders)('%s', (_, coder) => {
  test.each(['decoder', 'encoder'] as const)('nearest latents by %s are those of the matrix of all cosines', async (side) => {
    const k = 12;
    const rows = await rowsOf(coder[side]!, coder.width);
    const cosines = cosineMatrix(rows, rows, rows.length / coder.width);
    const lists = await cosineNeighbours(coder, side, k, { threads: 1 });
    const alone = await cosineNeighbours(coder, side, k, { first: 7, count: 1, threads: 1 });
    let off = 0;
    for (let latent = 0; latent < coder.width; latent++) {
      const found = lists.nearest(latent);
      const expected = cosines.slice(latent * coder.width, (latent + 1) * coder.width);
      const itself = expected[latent]!;
      expected[latent] = -Infinity;
      expected.sort().reverse();
      expect(found.filter(({ index }) => index !== latent)).toHaveLength(k);
      expect(new Set(found.map(({ index }) => index)).size).toBe(k);
      expect(itself === 0 || Math.abs(itself - 1) < ROUNDING).toBe(true);
      // By value: of two that are equal but for rounding either may come first.
      for (const [i, { index, score }] of found.entries())
        off = Math.max(off, Math.abs(score - cosines[latent * coder.width + index]!), Math.abs(score - expected[i]!));
    }
    expect(off).toBeLessThan(ROUNDING);
    const own = lists.nearest(7).map(({ score }) => score);
    for (const [i, { score }] of alone.nearest(0).entries()) expect(Math.abs(score - own[i]!)).toBeLessThan(ROUNDING);
  });
});

type Matrix = { data: Float64Array; rows: number; columns: number };

const product = (a: Matrix, b: Matrix): Matrix => {
  const data = new Float64Array(a.rows * b.columns);
  for (let i = 0; i < a.rows; i++)
    for (let j = 0; j < b.columns; j++) for (let k = 0; k < a.columns; k++) data[i * b.columns + j]! += a.data[i * a.columns + k]! * b.data[k * b.columns + j]!;
  return { data, rows: a.rows, columns: b.columns };
};

const transposed = ({ data, rows, columns }: Matrix): Matrix => ({
  data: data.map((_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!),
  rows: columns,
  columns: rows,
});

/** Centred for a layer norm, times the weights; nothing is divided. */
async function normed({ tensors }: Checkpoint, norm: NormSpec | undefined, { data, rows, columns }: Matrix): Promise<Matrix> {
  if (!norm) return { data, rows, columns };
  const weights = await readFloats(tensors(norm.weight));
  const means = Float64Array.from({ length: rows }, (_, row) => data.subarray(row * columns, (row + 1) * columns).reduce((a, b) => a + b, 0) / columns);
  const centre = (i: number): number => (norm.kind === 'layer' ? means[Math.floor(i / columns)]! : 0);
  return { data: data.map((value, i) => (value - centre(i)) * (weights[i % columns]! + (norm.onePlus ? 1 : 0))), rows, columns };
}

async function through({ tensors }: Checkpoint, { weight, inputs, outputs, layout }: LinearSpec, x: Matrix): Promise<Matrix> {
  const data = Float64Array.from(await readFloats(tensors(weight)));
  return product(x, layout === 'out_in' ? transposed({ data, rows: outputs, columns: inputs }) : { data, rows: inputs, columns: outputs });
}

/** The effects of all latents on all tokens, [latents, tokens]: dense, in float64, from the files alone. */
async function denseEffects(checkpoint: Checkpoint, coder: SparseCoder, site: string): Promise<Matrix> {
  const { spec, tensors, dModel, vocabSize } = checkpoint;
  const layer = spec.layers[1]!;
  const decoder: Matrix = { data: await rowsOf(coder.decoder!, coder.width), rows: coder.width, columns: coder.dOut };
  if (coder.activation.kind === 'topk' && coder.activation.rescale) {
    for (let at = 0; at < decoder.data.length; at += coder.dOut) {
      const row = decoder.data.subarray(at, at + coder.dOut);
      const norm = Math.hypot(...row);
      row.forEach((value, i) => (row[i] = value / norm));
    }
  }
  const stream =
    site === '.attn.z'
      ? await normed(checkpoint, layer.postAttentionNorm, await through(checkpoint, layer.attention.output, decoder))
      : site === '.mlp.out'
        ? await normed(checkpoint, layer.postMlpNorm, decoder)
        : decoder;
  const head: Matrix = { data: Float64Array.from(await readFloats(tensors(spec.head.weight))), rows: vocabSize, columns: dModel };
  return product(await normed(checkpoint, spec.finalNorm, stream), transposed(head));
}

const checkpoints = await Promise.all((await goldenFolders('models')).map((name) => openCheckpoint(join(GOLDEN, 'models', name))));
const sites = ['', '.mlp', '.mlp.out', '.attn.z'];
/** Every model with a coder of its width, at each kind of place. */
const cases = checkpoints.flatMap((checkpoint) =>
  sites.flatMap((site) => {
    const hookpoint = `layers.1${site}`;
    const { heads, headDim } = checkpoint.spec.layers[1]!.attention;
    const width = site === '.attn.z' ? heads * headDim : checkpoint.dModel;
    const fitting = coders.filter(([, { dOut }]) => dOut === width);
    const [name, coder] = fitting[sites.indexOf(site) % Math.max(1, fitting.length)] ?? [];
    return name === undefined || coder === undefined ? [] : [[checkpoint.name, hookpoint, name, site, checkpoint, coder] as const];
  }),
);

test('there are models of every kind of norm among those with a coder that fits', () => {
  expect(new Set(cases.map(([, , , , { spec }]) => `${spec.finalNorm.kind}${spec.finalNorm.onePlus ? '+1' : ''}`))).toEqual(new Set(['rms', 'rms+1', 'layer']));
});

test.each(cases)('logit effects in %s at %s of %s are the dense product’s', async (_name, hookpoint, _coder, site, checkpoint, coder) => {
  const { data, columns } = await denseEffects(checkpoint, coder, site);
  const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const latents = Array.from({ length: coder.width }, (_v, latent) => latent).reverse();
  const found: LogitEffects[] = [];
  for await (const effects of logitEffects({ checkpoint, coder, hookpoint, latents, threads: 1 })) found.push(effects);
  expect(found.map(({ latent }) => latent)).toEqual(latents);
  const slack = ROUNDING * largest;
  let off = 0;
  let misplaced = 0;
  for (const { latent, promoted, suppressed, histogram } of found) {
    const row = data.subarray(latent * columns, (latent + 1) * columns);
    const ascending = Float64Array.from(row).sort();
    for (const [list, expected] of [[promoted, ascending.toReversed()], [suppressed, ascending]] as const) {
      if (new Set(list.map(({ token }) => token)).size !== 10) misplaced++;
      for (const [i, { token, effect }] of list.entries()) off = Math.max(off, Math.abs(effect - expected[i]!), Math.abs(effect - row[token]!));
    } // prettier-ignore
    const [least, greatest] = [ascending[0]!, ascending[columns - 1]!];
    let [at, below] = [0, 0];
    for (let bin = 0; bin < 40; bin++) {
      below += histogram[bin]!;
      const edge = bin === 39 ? Infinity : least + ((bin + 1) * (greatest - least)) / 40;
      // As many lie below the edge, but for those that rounding may bring to its other side.
      while (at < columns && ascending[at]! < edge) at++;
      if (below > at ? ascending[below - 1]! > edge + slack : below < at && ascending[below]! < edge - slack) misplaced++;
    }
    if (below !== columns) misplaced++;
  }
  expect({ off: off < slack, misplaced }).toEqual({ off: true, misplaced: 0 });
});

test('nothing goes straight from the MLP’s input to the logits', async () => {
  const checkpoint = checkpoints.find(({ dModel, family }) => dModel === 48 && family === 'llama')!;
  const [, coder] = coders.find(([, { dOut }]) => dOut === 48)!;
  const effects = logitEffects({ checkpoint, coder, hookpoint: 'layers.0.mlp.in', latents: [0] });
  await expect(effects.next()).rejects.toMatchObject({ code: 'unsupported' });
});
