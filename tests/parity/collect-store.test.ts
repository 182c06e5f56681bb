import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collectStore, type Collected, type CollectRequest } from '#gpu-worker/activations/collect/collect-store.ts';
import { tokenFileParts, writeTokenFileRows } from '#gpu-worker/activations/collect/token-file-rows.ts';
import { openStore } from '#gpu-worker/activations/store/open-store.ts';
import { openCheckpoint, type Checkpoint } from '#gpu-worker/model/checkpoint.ts';
import { openInstrumentedModel } from '#gpu-worker/model/instrumented-model.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';
import { rngFor } from '#lib/random/rng.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';

const MODELS = join(import.meta.dirname, '..', '..', 'models');
// Three shards, the last one short.
const [ROWS, LENGTH, SHARD_TOKENS] = [154, 64, 4096];
// Batches of another size give other sums in the last bits, and a half has 11.
const ROUNDING = 2 ** -10;

let folder: string;
let checkpoint: Checkpoint;
let coders: CollectRequest['coders'];
const ids = ((rng) => Int32Array.from({ length: ROWS * LENGTH }, (_, at) => (at % LENGTH === 0 ? 0 : rng.int(4096))))(rngFor('collect', 'ids'));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'collect-'));
  await writeTokens('tokens.json', ids);
  checkpoint = await openCheckpoint(join(MODELS, 'presidents-4m'));
  const open = async (name: string, hookpoint: string): Promise<CollectRequest['coders'][number]> => ({
    coder: await openSparseCoder(join(MODELS, 'presidents-4m-coders', name)),
    hookpoint,
    name,
  });
  coders = [await open('layers.0', 'layers.0'), await open('layers.2', 'layers.2')];
});
afterAll(() => rm(folder, { recursive: true }));

async function writeTokens(name: string, tokens: Int32Array): Promise<void> {
  const rows = Array.from({ length: tokens.length / LENGTH }, (_, row) => [...tokens.subarray(row * LENGTH, (row + 1) * LENGTH)]);
  await writeFile(join(folder, name), JSON.stringify({ input_ids: rows }));
}

async function collect(artifacts: ArtifactStore, change: Partial<CollectRequest> = {}, file = 'tokens.json'): Promise<Collected> {
  const path = join(folder, file);
  const data = { name: file, parts: await tokenFileParts(path, 0), write: (key: string) => writeTokenFileRows(artifacts, key, path, 0) };
  return collectStore({ artifacts, checkpoint, coders, data, threads: 1, device: 'cpu', shardTokens: SHARD_TOKENS, say: () => undefined, ...change });
}

/** All but the claims, which go when a process lets go of them. */
const contents = (artifacts: ReturnType<typeof memoryArtifacts>): Record<string, string> =>
  Object.fromEntries([...artifacts.files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, bytes]) => [key, bytes.toString('base64')]));

test('the store holds what the model gives for each row, BOS apart', async () => {
  const artifacts = memoryArtifacts();
  const { tokens, manifest } = await collect(artifacts);
  expect(tokens).toBe(ROWS * LENGTH);
  const store = await openStore(artifacts);
  await store.verify();
  expect([...(await store.rows!.tokens(0, ROWS))]).toEqual([...ids]);
  const model = await openInstrumentedModel({ checkpoint, taps: coders, threads: 1 });
  const seen = coders.map(() => 0);
  const stored = await Promise.all(
    store.coders.map(async (coder) => {
      const at = new Map<number, number>();
      for await (const { latent, place, value } of coder.sweep()) for (let i = 0; i < place.length; i++) at.set(place[i]! * coder.width + latent, value[i]!);
      return at;
    }),
  );
  for (let row = 0; row < ROWS; row += 11) {
    const results = await model.run(ids.slice(row * LENGTH, (row + 1) * LENGTH), 1, LENGTH);
    for (const [c, { indices, values, k }] of results.entries()) {
      for (let i = 0; i < values!.length; i++) {
        const place = row * LENGTH + Math.floor(i / k!);
        if (!(values![i]! > 0) || ids[place] === 0) continue;
        const got = stored[c]!.get(place * store.coders[c]!.width + indices![i]!);
        // The weakest of a token's k may tie with the first left out, and batches of other sizes decide ties otherwise.
        if (got === undefined) continue;
        expect(Math.abs(got - values![i]!)).toBeLessThanOrEqual(values![i]! * ROUNDING + 1e-5);
        seen[c]!++;
      }
    }
  }
  await model.close();
  for (const [c, coder] of store.coders.entries()) {
    const inRows = [...stored[c]!.keys()].filter((key) => Math.floor(key / coder.width / LENGTH) % 11 === 0).length;
    expect(seen[c]).toBeGreaterThan(0.9999 * inRows);
    expect(manifest.coders[c]!.activation_sum / coder.sum.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4);
  }
  expect([...artifacts.files.keys()].some((key) => key.includes('spill') || key.startsWith('claims'))).toBe(false);
});

test('broken off at any write it goes on, to the same bytes', async () => {
  const whole = memoryArtifacts();
  await collect(whole);
  const artifacts = memoryArtifacts();
  const { write, create } = artifacts;
  let breaks = 0;
  for (let left = 1; ; left = 2 + (breaks % 4)) {
    let writes = left;
    artifacts.write = async (key, bytes) => {
      if (--writes < 0) throw new Error('gone');
      return write(key, bytes);
    };
    const failed = await collect(artifacts).then(
      () => false,
      (error: Error) => error.message === 'gone' || Promise.reject(error),
    );
    artifacts.write = write;
    artifacts.create = create;
    if (!failed) break;
    breaks++;
  }
  expect(breaks).toBeGreaterThan(3);
  expect(contents(artifacts)).toEqual(contents(whole));
});

test('two at once do each shard once, and both end with the store', async () => {
  const artifacts = memoryArtifacts();
  const [a, b] = await Promise.all([collect(artifacts), collect(artifacts)]);
  expect(a.ran + b.ran).toBe(ROWS * LENGTH);
  expect(a.manifest).toEqual(b.manifest);
});

test('a finished store costs nothing, other tokens or coders make another and replace it', async () => {
  const artifacts = memoryArtifacts();
  const first = await collect(artifacts, { coders: coders.slice(0, 1) });
  expect((await collect(artifacts, { coders: coders.slice(0, 1) })).ran).toBe(0);
  const both = await collect(artifacts);
  // The coder that was there is not run again; the other is.
  expect(both.manifest.coders[0]).toEqual(first.manifest.coders[0]);
  await writeTokens('fewer.json', ids.subarray(0, 100 * LENGTH));
  await collect(artifacts, {}, 'fewer.json');
  const alone = memoryArtifacts();
  await collect(alone, {}, 'fewer.json');
  expect(contents(artifacts)).toEqual(contents(alone));
});

test('what was left of shards cut otherwise is not taken for these', async () => {
  const artifacts = memoryArtifacts();
  const { write } = artifacts;
  artifacts.write = async (key, bytes) => {
    if (key.endsWith('by-latent.bin')) throw new Error('gone');
    return write(key, bytes);
  };
  await expect(collect(artifacts, { shardTokens: 3072 })).rejects.toThrow('gone');
  artifacts.write = write;
  expect((await collect(artifacts)).ran).toBe(ROWS * LENGTH);
  const whole = memoryArtifacts();
  await collect(whole);
  expect(contents(artifacts)).toEqual(contents(whole));
});

test.each<[string, (bytes: Buffer) => Buffer | null]>([
  ['has a bit that flipped', (bytes) => Buffer.from(bytes.map((byte, i) => (i === bytes.length >> 1 ? byte ^ 1 : byte)))],
  ['is cut short', (bytes) => bytes.subarray(0, bytes.length >> 1)],
  ['is gone', () => null],
])('a shard of which a run %s is named, discarded and alone collected anew', async (_, damage) => {
  const artifacts = memoryArtifacts();
  const { write } = artifacts;
  artifacts.write = async (key, bytes) => {
    if (key.endsWith('by-latent.bin')) throw new Error('gone');
    return write(key, bytes);
  };
  await expect(collect(artifacts)).rejects.toThrow('gone');
  artifacts.write = write;
  const run = [...artifacts.files.keys()].find((key) => key.includes('/rows-000000064-') && key.endsWith('.bin'))!;
  const damaged = damage(artifacts.files.get(run)!);
  if (damaged === null) artifacts.files.delete(run);
  else artifacts.files.set(run, damaged);
  const said: string[] = [];
  const { ran } = await collect(artifacts, { say: (sentence) => said.push(sentence) });
  expect(said).toEqual([expect.stringMatching(new RegExp(`${run}.*is collected anew`))]);
  expect(ran).toBe(Number(/-(\d+)\.\d+\.bin$/.exec(run)![1]) * LENGTH);
  const whole = memoryArtifacts();
  await collect(whole);
  expect(contents(artifacts)).toEqual(contents(whole));
});
