import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { measureReconstruction, type Reconstruction } from '#gpu-worker/activations/report/reconstruction.ts';
import { openRows, writeRows } from '#gpu-worker/activations/store/rows-file.ts';
import { openCachedDecoder } from '#gpu-worker/model/cached-decoder.ts';
import { openCheckpoint, type Checkpoint } from '#gpu-worker/model/checkpoint.ts';
import type { Intervention } from '#gpu-worker/model/intervention.ts';
import { openInstrumentedModel } from '#gpu-worker/model/instrumented-model.ts';
import { writeSafetensors, type TensorToWrite } from '#gpu-worker/model/safetensors-writer.ts';
import type { SparseCoder } from '#gpu-worker/sparse-coder/coder.ts';
import { openDecoder } from '#gpu-worker/sparse-coder/decode.ts';
import type { Latents } from '#gpu-worker/sparse-coder/latents.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { GOLDEN, readJson } from './golden.ts';

const LENGTH = 8;
const BOS = 1;
const DEMO = join(import.meta.dirname, '..', '..', 'models');

let work: string;
let checkpoint: Checkpoint;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'atlas-reconstruction-'));
  checkpoint = await openCheckpoint(join(GOLDEN, 'models', 'llama'));
});
afterAll(() => rm(work, { recursive: true }));

/** A coder whose latents are the positive and negative parts of each element, put together again times `gain`. */
async function partsCoder(name: string, gain: number): Promise<SparseCoder> {
  const d = checkpoint.dModel;
  const dir = join(work, name);
  await mkdir(dir, { recursive: true });
  const matrix = (value: number): Float32Array => {
    const data = new Float32Array(2 * d * d);
    for (let i = 0; i < d; i++) [data[i * d + i], data[(d + i) * d + i]] = [value, -value];
    return data;
  };
  await writeFile(join(dir, 'cfg.json'), JSON.stringify({ activation: 'topk', d_in: d, num_latents: 2 * d, k: d }));
  const tensors = [
    ['encoder.weight', { shape: [2 * d, d], data: matrix(1) }],
    ['encoder.bias', { shape: [2 * d], data: new Float32Array(2 * d) }],
    ['W_dec', { shape: [2 * d, d], data: matrix(gain) }],
    ['b_dec', { shape: [d], data: new Float32Array(d) }],
  ] as const;
  await writeSafetensors(join(dir, 'sae.safetensors'), new Map<string, TensorToWrite>(tensors));
  return openSparseCoder(dir);
}

/** Rows that begin with BOS, of which the last two are padded. */
async function storedRows(ids: readonly number[][]) {
  const artifacts = memoryArtifacts();
  const tokens = Int32Array.from(ids.flatMap((row) => [BOS, ...row.slice(0, LENGTH - 1)]));
  const length = Uint16Array.from(ids, (_, row) => (row < ids.length - 2 ? LENGTH : LENGTH - 3));
  const document = Uint32Array.from(ids, (_, row) => Math.floor(row / 2));
  const documents = Array.from({ length: Math.ceil(ids.length / 2) }, (_, i) => ({ key: `d${i}`, split: 'train' as const }));
  await writeRows(artifacts, 'rows.bin', { rowLength: LENGTH, bos: BOS, pieces: [{ tokens, document, length }], documents: () => documents });
  return openRows(artifacts, 'rows.bin');
}

async function goldenRows() {
  const { input_ids: ids } = await readJson(z.object({ input_ids: z.array(z.array(z.number())) }), 'models', 'llama', 'tokens.json');
  // Rows of golden ids, none of them the masked one, cut to length and turned about for more of them.
  const some = ids.flatMap((row) => [row, row.toReversed(), row.map((id) => (id * 7) % 300)]).map((row) => row.map((id) => (id === BOS ? 2 : id)));
  return storedRows(some.slice(0, 6));
}

const measure = async (coder: SparseCoder, hookpoint: string, model = checkpoint): Promise<Reconstruction> =>
  measureReconstruction({
    checkpoint: model,
    coder,
    readAt: hookpoint,
    writeAt: hookpoint,
    rows: await goldenRows(),
    sample: 100,
    seed: 0,
    threads: 1,
    say: () => undefined,
  });

/**
 * Mean losses by another way: the whole model with what the splice changes added at the hookpoint, token by token, and the
 * logarithm of the softmax taken here.
 */
async function lossesByIntervention(coder: SparseCoder, hookpoint: string): Promise<{ original: number; spliced: number; ablated: number }> {
  const rows = await goldenRows();
  const model = await openInstrumentedModel({ checkpoint, taps: [{ hookpoint, coder }, { hookpoint }], threads: 1 });
  const decoder = await openCachedDecoder({ checkpoint, sites: [{ kind: 'vector', hookpoint }], threads: 1 });
  const decode = await openDecoder(coder);
  const width = coder.dOut;
  const sums = { original: 0, spliced: 0, ablated: 0 };
  let n = 0;
  for (let row = 0; row < rows.rows; row++) {
    const length = rows.length[row]!;
    const ids = (await rows.tokens(row, 1)).slice(0, length);
    const [latents, tap] = await model.run(ids, 1, length);
    const hidden = tap!.hidden!;
    const decoded = decode(latents as Latents, hidden);
    const changes = {
      original: new Float32Array(hidden.length),
      spliced: decoded.map((value, i) => value - hidden[i]!),
      ablated: hidden.map((value) => -value),
    };
    for (const state of ['original', 'spliced', 'ablated'] as const) {
      const interventions = Array.from({ length: length - 1 }, (_, i): Intervention => {
        const at = i + 1;
        return { site: 0, vector: changes[state].subarray(at * width, (at + 1) * width), from: at, to: at + 1 };
      });
      const { logits } = await decoder.forward(decoder.start(Int32Array.of(0)), ids, [...ids.keys()], interventions);
      for (let at = 1; at + 1 < length; at++) {
        const own = Float64Array.from(logits.subarray(at * checkpoint.vocabSize, (at + 1) * checkpoint.vocabSize));
        const most = Math.max(...own);
        sums[state] += most + Math.log(own.reduce((sum, logit) => sum + Math.exp(logit - most), 0)) - own[ids[at + 1]!]!;
      }
    }
    n += length - 2;
  }
  await model.close();
  await decoder.close();
  return { original: sums.original / n, spliced: sums.spliced / n, ablated: sums.ablated / n };
}

describe.each(['embed', 'layers.0.attn', 'layers.1', 'layers.1.mlp'])('at %s', (hookpoint) => {
  test('a coder that gives back what it reads costs nothing', async () => {
    const { variance, loss, tokens, rows, documents, l0 } = await measure(await partsCoder('identity', 1), hookpoint);
    expect({ tokens, rows, documents }).toEqual({ rows: 6, tokens: 4 * 7 + 2 * 4, documents: 3 });
    expect(loss.predictions).toBe(4 * 6 + 2 * 3);
    expect(variance.fvu).toBe(0);
    expect(variance.cosine).toBeCloseTo(1, 12);
    expect(l0).toBe(checkpoint.dModel);
    // The same numbers go in: the same come out.
    expect(loss.increase).toEqual({ estimate: 0, interval: { low: 0, high: 0 } });
    expect(loss.recovered).toBe(loss.ablated > loss.original ? 1 : null);
  });

  test('a coder that gives nothing back is the hidden state ablated', async () => {
    const { loss, variance } = await measure(await partsCoder('nothing', 0), hookpoint);
    expect(loss.spliced).toBe(loss.ablated);
    expect(variance.fvu).toBeGreaterThanOrEqual(1);
    expect(variance.cosine).toBe(0);
  });

  test('losses are those of the whole model with the change added', async () => {
    const coder = await partsCoder('half', 0.5);
    const { loss } = await measure(coder, hookpoint);
    const expected = await lossesByIntervention(coder, hookpoint);
    for (const state of ['original', 'spliced', 'ablated'] as const) expect(Math.abs(loss[state] - expected[state])).toBeLessThan(1e-5);
    expect(Math.abs(loss.spliced - loss.original)).toBeGreaterThan(1e-4);
    expect(loss.increase.estimate).toBeCloseTo(expected.spliced - expected.original, 4);
    expect(loss.increase.interval!.low).toBeLessThan(loss.increase.estimate);
  });
});

test('a row too short to predict in is refused', async () => {
  const rows = await storedRows([[5], [6]].map((row) => [...row, ...new Array<number>(LENGTH).fill(4)]));
  rows.length.fill(2);
  const request = {
    checkpoint,
    coder: await partsCoder('identity', 1),
    readAt: 'layers.0',
    writeAt: 'layers.0',
    rows,
    sample: 2,
    seed: 0,
    say: () => undefined,
  };
  await expect(measureReconstruction(request)).rejects.toMatchObject({ code: 'bad_request' });
});

test('the demo’s coder loses little of what the model predicts', async () => {
  const model = await openCheckpoint(join(DEMO, 'presidents-4m'));
  const coder = await openSparseCoder(join(DEMO, 'presidents-4m-coders', 'layers.2'));
  const { loss } = await measure(coder, 'layers.2', model);
  expect(loss.spliced).toBeLessThan(loss.ablated);
  expect(loss.recovered).toBeGreaterThan(0);
});
