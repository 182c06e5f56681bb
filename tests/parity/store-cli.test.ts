import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { registerCoderCommands } from '#cli/coder.ts';
import { registerCollect } from '#cli/collect.ts';
import { registerStoreCommands } from '#cli/store.ts';
import { cosineMatrix } from '#lib/stats/cosine-matrix.ts';
import { pearson } from '#lib/stats/pearson.ts';
import { rngFor } from '#lib/random/rng.ts';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import { openInstrumentedModel } from '#gpu-worker/model/instrumented-model.ts';
import { readFloats } from '#gpu-worker/model/safetensors.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';

const MODELS = join(import.meta.dirname, '..', '..', 'models');
const MODEL = join(MODELS, 'presidents-4m');
const CODERS = ['layers.2', 'layers.3'].map((name) => join(MODELS, 'presidents-4m-coders', name)) as [string, string];
const [ROWS, LENGTH, WIDTH] = [12, 40, 2048];

let work: string;
let store: string;
const ids = (() => {
  const rng = rngFor('store-cli');
  // Few different tokens, so that latents meet them again.
  return Array.from({ length: ROWS }, () => [0, ...Array.from({ length: LENGTH - 1 }, () => 300 + rng.int(60))]);
})();
/** Activations as the model gives them, of each coder by latent: over the stored tokens, in order. */
const columns: Float32Array[][] = [];
/** One that fires here and there. */
let latent: number;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'atlas-store-cli-'));
  process.env['ATLAS_DATA_DIR'] = join(work, 'data');
  store = join(work, 'store');
  await writeFile(join(work, 'tokens.json'), JSON.stringify({ input_ids: ids }));
  await atlas('collect', '--model', MODEL, '--coder', CODERS.join(','), '--tokens', join(work, 'tokens.json'), '--store', store, '--json');
  const taps = await Promise.all(CODERS.map(async (dir, i) => ({ hookpoint: `layers.${i + 2}`, coder: await openSparseCoder(dir) })));
  const model = await openInstrumentedModel({ checkpoint: await openCheckpoint(MODEL), taps });
  for (const { indices, values, k } of await model.run(Int32Array.from(ids.flat()), ROWS, LENGTH)) {
    const own = Array.from({ length: WIDTH }, () => new Float32Array(ROWS * (LENGTH - 1)));
    let token = 0;
    for (const [place, id] of ids.flat().entries()) {
      if (id === 0) continue;
      for (let i = place * k!; i < (place + 1) * k!; i++) own[indices![i]!]![token] = values![i]!;
      token++;
    }
    columns.push(own);
  }
  latent = columns[0]!.findIndex((values) => count(values) >= 20 && count(values) < 80);
  await model.close();
}, 60_000);
afterAll(async () => {
  delete process.env['ATLAS_DATA_DIR'];
  await rm(work, { recursive: true });
});

/** The last line that a command prints, as JSON. */
async function atlas(...args: string[]): Promise<Record<string, unknown>> {
  const lines: string[] = [];
  const program = new Command().exitOverride();
  const print = (line: string): void => void lines.push(line);
  for (const register of [registerCollect, registerStoreCommands, registerCoderCommands]) register(program, print);
  await program.parseAsync(args, { from: 'user' });
  return JSON.parse(lines.at(-1) ?? 'null') as Record<string, unknown>;
}

const count = (values: Float32Array): number => values.reduce((n, value) => n + (value > 0 ? 1 : 0), 0);
/** A latent's activations over the stored tokens. */
const column = (coder: number, of: number): Float32Array => columns[coder]![of]!;

test('store statistics tells what the model’s activations are', async () => {
  const counts = Array.from({ length: WIDTH }, (_, i) => count(column(0, i)));
  const alive = counts.filter((n) => n > 0).length;
  const summary = await atlas('store', 'statistics', store, '--hookpoint', 'layers.2', '--json');
  expect(summary).toMatchObject({
    latents: WIDTH,
    alive,
    dead: WIDTH - alive,
    tokens: ROWS * (LENGTH - 1),
    activations: counts.reduce((a, b) => a + b, 0),
    dense: counts.filter((n) => n > 0.1 * ROWS * (LENGTH - 1)).length,
  });
  const own = column(0, latent);
  const shown = await atlas('store', 'statistics', store, '--hookpoint', 'layers.2', '--latent', String(latent), '--model', MODEL, '--json');
  expect(shown).toMatchObject({ latent, count: count(own), frequency: count(own) / own.length });
  // Stored in 16 bits.
  expect(Math.abs((shown['max'] as number) / Math.max(...own) - 1)).toBeLessThan(2 ** -11);
  const [first] = shown['top_by_total'] as { token: number; text: string; active: number }[];
  const tokens = ids.flat().filter((id) => id !== 0);
  expect(first!.active).toBe(tokens.filter((id, at) => id === first!.token && own[at]! > 0).length);
  expect(first!.text.length).toBeGreaterThan(0);
});

test('store neighbours are those of the dense matrices, one by one and all at once', async () => {
  const own = column(0, latent);
  const jaccard = (other: Float32Array): number => {
    const both = own.reduce((n, value, i) => n + (value > 0 && other[i]! > 0 ? 1 : 0), 0);
    return both / (count(own) + count(other) - both);
  };
  const ask = ['store', 'neighbours', store, '--hookpoint', 'layers.2', '--latent', String(latent), '--json', '--top', '5'];
  const best = (score: (i: number) => number | null): number[] =>
    Array.from({ length: WIDTH }, (_, i) => score(i))
      .filter((value) => value !== null)
      .sort((a, b) => b - a)
      .slice(0, 5);
  const found = (answer: Record<string, unknown>): { latent: number; similarity: number }[] => answer['neighbours'] as { latent: number; similarity: number }[];
  const alone = await atlas(...ask);
  const expected = best((i) => (i === latent ? null : jaccard(column(0, i))));
  for (const kind of [['co-occurrence'], ['correlation', '--with', 'layers.3'], ['encoder', '--coder', CODERS[0]]])
    expect(found(await atlas(...ask, '--by', ...kind))).toHaveLength(5);
  found(alone).forEach(({ latent: other, similarity }, i) => {
    expect(similarity).toBeCloseTo(expected[i]!, 6);
    expect(similarity).toBeCloseTo(jaccard(column(0, other)), 6);
  });
  expect(await atlas('store', 'neighbours', store, '--hookpoint', 'layers.2', '--json')).toMatchObject({ latents: WIDTH, rows: ROWS });
  expect(await atlas(...ask)).toEqual(alone);

  const correlated = await atlas(...ask, '--by', 'correlation', '--with', 'layers.3');
  const rs = best((i) => pearson(own, column(1, i)));
  // Values in 16 bits move an r by less than that.
  found(correlated).forEach(({ similarity }, i) => expect(Math.abs(similarity - rs[i]!)).toBeLessThan(1e-3));

  const byWeights = await atlas(...ask, '--by', 'decoder', '--coder', CODERS[0]);
  const { decoder } = await openSparseCoder(CODERS[0]);
  const weights = await readFloats(decoder!.tensor);
  const d = weights.length / WIDTH;
  const cosines = cosineMatrix(weights.subarray(latent * d, (latent + 1) * d), weights, d);
  const nearest = best((i) => (i === latent ? null : cosines[i]!));
  found(byWeights).forEach(({ similarity }, i) => expect(similarity).toBeCloseTo(nearest[i]!, 5));
  await expect(atlas(...ask, '--by', 'decoder', '--coder', CODERS[1])).rejects.toMatchObject({ code: 'bad_request', field: 'coder' });
  await expect(atlas(...ask, '--by', 'encoder')).rejects.toMatchObject({ code: 'bad_request', field: 'coder' });
});

test('coder report says what the coder keeps of the model, and refuses another', async () => {
  const ask = (coder: string): string[] => [
    'coder',
    'report',
    '--model',
    MODEL,
    '--coder',
    coder,
    '--store',
    store,
    '--json',
    '--latent',
    '3',
    '--latent',
    '5',
  ];
  const report = await atlas(...ask(CODERS[0]));
  expect(report).toMatchObject({ hookpoint: 'layers.2', width: WIDTH, l0: 16, tokens: ROWS * (LENGTH - 1), sample: { rows: ROWS, documents: ROWS } });
  const { loss, logit_effects: effects } = report as { loss: Record<string, number>; logit_effects: { latent: number; promoted: { effect: number }[] }[] };
  expect(loss['predictions']).toBe(ROWS * (LENGTH - 2));
  expect(loss['increase']).toBeCloseTo(loss['spliced']! - loss['original']!, 6);
  expect(effects.map(({ latent: shown, promoted }) => [shown, promoted.length])).toEqual([[3, 10], [5, 10]]); // prettier-ignore
  await expect(atlas(...ask(join(MODELS, 'presidents-4m-coders-wide', 'layers.2')))).rejects.toMatchObject({ code: 'bad_request' });
});
