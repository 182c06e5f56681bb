import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { registerExamples } from '#cli/examples.ts';
import { normalised } from '#lib/example/normalise.ts';
import { DELPHI_PROTOCOL, type Protocol } from '#lib/example/protocol.ts';
import { importDelphi } from '#gpu-worker/activations/delphi/import-delphi.ts';
import { openStore, type OpenStore } from '#gpu-worker/activations/store/open-store.ts';
import { quantileOf, ranked } from '#gpu-worker/examples/sample.ts';
import { openExampleSource, storeExamples } from '#gpu-worker/examples/store-examples.ts';
import { activatingWindows } from '#gpu-worker/examples/windows.ts';
import { createLocalArtifacts } from '#platform/artifacts/local.ts';
import { GOLDEN, readJson } from './golden.ts';

const place = z.tuple([z.number(), z.number()]);
const numbers = z.array(z.number());
const windowSchema = z.object({
  rank: z.number(),
  row: z.number(),
  start: z.number(),
  max: z.number(),
  quantile: z.number().nullable(),
  positions: numbers,
  activations: numbers,
  normalised: numbers,
  normalised_float64: numbers,
});
const latentSchema = z.object({
  latent: z.number(),
  yielded_with_default_min_examples_200: z.boolean().optional(),
  n_windows: z.number().optional(),
  order_row_start: z.array(place).optional(),
  order_max: numbers.optional(),
  quantile_bounds_max: z.array(z.tuple([z.number(), z.number()])).optional(),
  windows: z.array(windowSchema).optional(),
  random: z.object({ train_ranks: numbers, test_ranks: numbers, train_quantiles: numbers, test_quantiles: numbers }).optional(),
  n_silent_windows: z.number().optional(),
});
const expected = await readJson(
  z.object({ windows_per_latent: z.record(z.string(), z.number()), latents: z.record(z.string(), latentSchema) }),
  'delphi-cache',
  'expected.json',
);
const latents = Object.entries(expected.latents);

let folder: string;
let store: OpenStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'delphi-examples-'));
  for (const [name, path] of [
    ['store', 'latents'],
    ['bare', join('no-tokens', 'wide')],
  ] as const)
    // prettier-ignore
    await importDelphi(createLocalArtifacts(join(folder, name)), join(GOLDEN, 'delphi-cache', path), 64, () => undefined);
  store = await openStore(createLocalArtifacts(join(folder, 'store')));
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const windowsOf = async (latent: number) =>
  ranked(activatingWindows(store.rows!, await store.coders[0]!.latent(latent), { length: DELPHI_PROTOCOL.windowLength, placement: DELPHI_PROTOCOL.placement }));

describe('protocol delphi, on a cache that delphi wrote', () => {
  test('counts the windows of every latent as delphi does', async () => {
    for (let latent = 0; latent < 64; latent++) expect((await windowsOf(latent)).length, `latent ${latent}`).toBe(expected.windows_per_latent[latent] ?? 0);
  });

  test.each(latents)('finds the same windows in the same order, quantiles and activations: %s', async (_, of) => {
    const windows = await windowsOf(of.latent);
    expect(windows.length).toBe(of.n_windows ?? 0);
    expect(windows.map(({ max }) => max)).toEqual(of.order_max ?? []);
    // delphi leaves the order of equal maxima to chance.
    const groups = (entries: readonly (readonly [max: number, row: number, start: number])[]) => {
      const byMax = new Map<number, string[]>();
      for (const [max, row, start] of entries) byMax.set(max, [...(byMax.get(max) ?? []), `${row}:${start}`]);
      return [...byMax].map(([max, own]) => [max, own.sort()]);
    };
    const ours = windows.map(({ max, origin }) => [max, Math.floor(origin / 64), origin % 64] as const);
    expect(groups(ours)).toEqual(groups((of.order_row_start ?? []).map(([row, start], i) => [of.order_max![i]!, row, start] as const)));
    const quantiles = windows.map((window, rank) => ({ max: window.max, quantile: quantileOf(rank, windows.length, DELPHI_PROTOCOL) }));
    for (const [quantile, [largest, smallest]] of (of.quantile_bounds_max ?? []).entries()) {
      const own = quantiles.filter((entry) => entry.quantile === quantile).map(({ max }) => max);
      expect([Math.max(...own), Math.min(...own)], `quantile ${quantile}`).toEqual([largest, smallest]);
    }
    const { place: places, value } = await store.coders[0]!.latent(of.latent);
    const max = store.coders[0]!.max[of.latent]!;
    for (const golden of of.windows ?? []) {
      expect(quantiles[golden.rank]!.quantile).toBe(golden.quantile);
      const own = windows.find(({ origin }) => origin === golden.row * 64 + golden.start)!;
      const activations = Array.from(value.slice(own.from, own.to));
      expect(Array.from(places.slice(own.from, own.to), (at) => at - own.origin)).toEqual(golden.positions);
      expect(activations).toEqual(golden.activations);
      expect(activations.map((activation) => normalised(activation, max, 'ceil_half'))).toEqual(golden.normalised);
      expect(activations.map((activation) => normalised(activation, max, 'ceil'))).toEqual(golden.normalised_float64);
    }
  });

  test.each(latents)('draws as many of each quantile, and as many silent windows: %s', async (_, of) => {
    const source = await openExampleSource(store, store.coders[0]!, DELPHI_PROTOCOL);
    const drawn = await storeExamples(source, { latent: of.latent, protocol: DELPHI_PROTOCOL, seed: 22 });
    const sorted = (of.random?.train_quantiles ?? []).toSorted((a, b) => a - b);
    expect(drawn.train.map(({ quantile }) => quantile)).toEqual(sorted);
    expect(drawn.test.map(({ quantile }) => quantile)).toEqual((of.random?.test_quantiles ?? []).toSorted((a, b) => a - b));
    const firing = new Set((await windowsOf(of.latent)).map(({ origin }) => origin));
    const silent = 256 - firing.size;
    if (of.n_silent_windows !== undefined) expect(silent).toBe(of.n_silent_windows);
    expect(drawn.negatives.length).toBe(silent < 50 ? 0 : 50);
    expect(drawn.negatives.some(({ row, start }) => firing.has(row * 64 + start))).toBe(false);
    if (of.yielded_with_default_min_examples_200 !== undefined) expect(drawn.status === 'ready').toBe(of.yielded_with_default_min_examples_200);
  });
});

describe('the examples command', () => {
  const root = join(GOLDEN, '..', '..');
  /** What the command prints, or its error. */
  const atlas = async (...args: string[]): Promise<{ out: unknown; warnings: string }> => {
    const [lines, warnings]: [string[], string[]] = [[], []];
    const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
    const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => warnings.push(String(text)) > 0);
    try {
      registerExamples(program, (line) => lines.push(line));
      await program.parseAsync(['node', 'atlas', 'examples', ...args, '--json']);
    } finally {
      stderr.mockRestore();
    }
    expect(lines.length).toBe(1);
    return { out: JSON.parse(lines[0]!), warnings: warnings.join('') };
  };
  const shown = z.object({
    row: z.number(),
    start: z.number(),
    tokens: numbers.length(32),
    activations: numbers.length(32),
    quantile: z.number().nullable(),
    class: z.string(),
    document: z.string(),
  });
  const outputSchema = z.object({ train: z.array(shown), test: z.array(shown), negatives: z.array(shown), status: z.string() });

  test('prints windows with the tokens and activations of the store', async () => {
    const args = ['cli/main.ts', 'examples', '--store', join(folder, 'store'), '--latent', String(expected.latents['dense']!.latent), '--protocol', 'delphi'];
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', ...args, '--json'], { cwd: root });
    const drawn = outputSchema.parse(JSON.parse(stdout));
    expect([drawn.train.length, drawn.test.length]).toEqual([40, 50]);
    const { place: places, value } = await store.coders[0]!.latent(expected.latents['dense']!.latent);
    const at = new Map(Array.from(places, (where, i) => [where, value[i]!]));
    for (const window of [...drawn.train, ...drawn.test, ...drawn.negatives]) {
      const origin = window.row * 64 + window.start;
      expect(window.tokens).toEqual([...(await store.rows!.tokens(window.row, 1))].slice(window.start, window.start + 32));
      expect(window.activations).toEqual(Array.from({ length: 32 }, (_, i) => at.get(origin + i) ?? 0));
      expect(window.document).toBe(`row-${window.row}`);
    }
  }, 60_000);

  test('keeps evidence and exam in different documents by protocol atlas', async () => {
    const { out } = await atlas('--store', join(folder, 'store'), '--latent', String(expected.latents['medium']!.latent), '--neighbours', '0,1,2');
    const drawn = outputSchema.parse(out);
    const train = new Set(drawn.train.map(({ document }) => document));
    expect([...drawn.test, ...drawn.negatives].filter(({ document }) => train.has(document))).toEqual([]);
    expect(new Set(drawn.negatives.map((window) => window.class))).toContain('neighbour');
  });

  test.each<[string, string[], RegExp]>([
    ['a store without tokens', ['--store', 'bare', '--latent', '1'], /holds no tokens.*no windows/],
    ['a latent out of range', ['--store', 'store', '--latent', '64'], /latents 0 to 63/],
    ['a window that does not divide the row', ['--store', 'store', '--latent', '1', '--window-length', '48'], /divisor of 64/],
    ['an unknown protocol', ['--store', 'store', '--latent', '1', '--protocol', 'best'], /atlas, paper, delphi/],
    ['a store that is not there', ['--store', 'nowhere', '--latent', '1'], /no finished activation store in .*nowhere/],
  ])('refuses %s in a sentence', async (_, [flag, name, ...rest], sentence) => {
    await expect(atlas(flag!, join(folder, name!), ...rest)).rejects.toThrow(sentence);
  });

  test('says what a latent lacks, and prints what there is', async () => {
    const { out, warnings } = await atlas('--store', join(folder, 'store'), '--latent', String(expected.latents['few']!.latent));
    expect(outputSchema.parse(out).status).toBe('too_few_windows');
    expect(warnings).toMatch(/too_few_windows/);
  });
});

test('windows of any divisor of the row, tiled or centred, and every sampler, by configuration alone', async () => {
  for (const windowLength of [1, 8, 64]) {
    for (const placement of ['tiled', 'centred'] as const) {
      for (const train of [
        { kind: 'top', count: 5 },
        { kind: 'random', count: 5 },
        { kind: 'mix', count: 20, ratioTop: 0.2 },
      ] as const) {
        // prettier-ignore
        const protocol: Protocol = { ...DELPHI_PROTOCOL, windowLength, placement, train };
        const { train: drawn } = await storeExamples(await openExampleSource(store, store.coders[0]!, protocol), { latent: 0, protocol, seed: 1 });
        expect(drawn.length).toBeGreaterThan(4);
        for (const { tokens, start, activations } of drawn) {
          expect([tokens.length, start >= 0 && start + windowLength <= 64, Math.max(...activations) > 0]).toEqual([windowLength, true, true]);
        }
      }
    }
  }
});
