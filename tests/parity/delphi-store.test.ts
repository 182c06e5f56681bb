import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportDelphi, splitBounds } from '#gpu-worker/activations/delphi/export-delphi.ts';
import { importDelphi } from '#gpu-worker/activations/delphi/import-delphi.ts';
import { openStore, type OpenStore } from '#gpu-worker/activations/store/open-store.ts';
import { writeSafetensors } from '#gpu-worker/model/safetensors-writer.ts';
import { createLocalArtifacts } from '#platform/artifacts/local.ts';

const GOLDEN = path.resolve('tests/golden/delphi-cache');
interface Expected {
  firing_counts: number[];
  latents: Record<
    string,
    {
      latent: number;
      stored_activations?: number;
      max_activation?: number;
      windows?: { row: number; start: number; positions: number[]; activations: number[] }[];
    }
  >;
  uint32_without_tokens: Record<string, { activations: number[]; locations: [number, number, number][] }>;
}
const expected = JSON.parse(readFileSync(path.join(GOLDEN, 'expected.json'), 'utf8')) as Expected;

let folder: string;
const stores: OpenStore[] = [];
const said: string[] = [];
async function imported(name: string, rowLength: number | null = null): Promise<OpenStore> {
  const artifacts = createLocalArtifacts(path.join(folder, path.basename(name)));
  await importDelphi(artifacts, path.join(GOLDEN, name), rowLength, (sentence) => said.push(sentence));
  const store = await openStore(artifacts);
  stores.push(store);
  return store;
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'delphi-'));
});
afterAll(async () => {
  for (const store of stores) await store.close();
  await rm(folder, { recursive: true });
});

describe('a cache that delphi wrote', () => {
  test('gives the activations that delphi reads from it', async () => {
    const store = await imported('latents');
    await store.verify();
    const [coder] = store.coders;
    expect([coder!.hookpoint, coder!.rowLength, store.rows!.rows]).toEqual(['layers.1', 64, 128]);
    expect([...coder!.counts]).toEqual(expected.firing_counts);
    for (const { latent, stored_activations = 0, max_activation = 0, windows = [] } of Object.values(expected.latents)) {
      const { place, value } = await coder!.latent(latent);
      expect(place.length).toBe(stored_activations);
      expect(coder!.max[latent]).toBe(max_activation);
      const at = new Map(Array.from(place, (where, i) => [where, value[i]!]));
      for (const { row, start, positions, activations } of windows) {
        expect(Array.from({ length: 32 }, (_, i) => at.get(row * 64 + start + i) ?? 0).filter((v) => v !== 0)).toEqual(activations);
        expect(positions.map((position) => at.get(row * 64 + start + position))).toEqual(activations);
      }
    }
  });

  test.each([
    ['latents', 5],
    ['no-tokens/wide', 2],
  ])('%s comes back byte for byte', async (name, splits) => {
    const store = stores.find(({ rows }) => (rows === null) === name.startsWith('no')) ?? (await imported(name, 64));
    const out = path.join(folder, `out-${splits}`);
    await exportDelphi(store, out, splits);
    const hookpoint = store.coders[0]!.hookpoint;
    const original = path.join(GOLDEN, name, name === 'latents' ? hookpoint : '');
    const files = (await readdir(original)).filter((file) => file.endsWith('.safetensors'));
    expect((await readdir(path.join(out, hookpoint))).filter((file) => file.endsWith('.safetensors'))).toEqual(files);
    for (const file of files) expect(readFileSync(path.join(out, hookpoint, file)).equals(readFileSync(path.join(original, file)))).toBe(true);
  });

  test('without tokens gives statistics and no rows, whatever the size of its rows’ numbers', async () => {
    const store = await imported('no-tokens');
    expect(store.rows).toBeNull();
    expect(said.at(-1)).toContain('64 tokens');
    for (const [file, { activations, locations }] of Object.entries(expected.uint32_without_tokens)) {
      const start = Number(file.split('_')[0]);
      for (const [i, [row, position, latent]] of locations.entries()) {
        const { place, value } = await store.coders[0]!.latent(start + latent);
        expect(value[place.indexOf(row * 64 + position)]).toBe(activations[i]);
      }
    }
  });

  test('rows of another length than it says are refused', async () => {
    await expect(imported('latents', 32)).rejects.toMatchObject({ code: 'bad_request', field: 'row-length' });
  });

  test('rows longer than a store can hold are refused, not cut', async () => {
    const long = path.join(folder, 'long');
    await mkdir(long);
    const tensors = new Map([
      ['locations', { shape: [1, 3], data: Uint32Array.of(0, 65_535, 0) }],
      ['activations', { shape: [1], data: Float32Array.of(1) }],
      ['tokens', { shape: [1, 65_536], data: new Int32Array(65_536) }],
    ]);
    await writeSafetensors(path.join(long, '0_0.safetensors'), tensors);
    const target = createLocalArtifacts(path.join(folder, 'long-store'));
    await expect(importDelphi(target, long, null, () => undefined)).rejects.toMatchObject({ code: 'too_large', field: 'row-length' });
    expect(await target.list()).toEqual([]);
  });
});

// The one that delphi's own test file names, and width 131,072 in 5 as the method's notes have it.
test('splits end where torch.linspace says', () => {
  expect(splitBounds(64, 14)[7]).toBe(31);
  expect(splitBounds(131_072, 5)).toEqual([0, 26_214, 52_428, 78_643, 104_857, 131_072]);
  expect(splitBounds(64, 5)).toEqual([0, 12, 25, 38, 51, 64]);
});
