import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { createLocalArtifacts } from '#platform/artifacts/local.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { openCoderFile } from './coder-file.ts';
import { mergeRuns } from './merge-runs.ts';
import { writeRun } from './run-stream.ts';
import { Spill } from './spill.ts';

/** A dense matrix [rows · rowLength, width], mostly 0, with values of every magnitude a single can have. */
const matrix = fc
  .record({ rows: fc.integer({ min: 1, max: 5 }), rowLength: fc.integer({ min: 1, max: 7 }), width: fc.integer({ min: 1, max: 9 }) })
  .chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      dense: fc.array(
        fc.oneof(
          { weight: 3, arbitrary: fc.constant(0) },
          { weight: 2, arbitrary: fc.float({ min: Math.fround(2 ** -10), max: 50, noNaN: true }) },
          { weight: 1, arbitrary: fc.float({ noNaN: true, noDefaultInfinity: true }) },
        ),
        { minLength: shape.rows * shape.rowLength * shape.width, maxLength: shape.rows * shape.rowLength * shape.width },
      ),
      capacity: fc.integer({ min: 1, max: 40 }),
      cuts: fc.array(fc.nat(40), { maxLength: 3 }),
    }),
  );

/** What must come back of a value, by the rule alone: nothing here is taken from the code under test. */
function bound(value: number, largest: number): number {
  return Math.abs(value) >= largest * 2 ** -28 ? Math.abs(value) * 2 ** -11 : largest * 2 ** -38;
}

describe('activation store', () => {
  it('gives back each latent of a dense matrix, however the pairs were cut into runs', async () => {
    await fc.assert(
      fc.asyncProperty(matrix, async ({ shape: { rows, rowLength, width }, dense, capacity, cuts }) => {
        const store = memoryArtifacts();
        const runs: string[] = [];
        const spill = new Spill(width, capacity, async (words, pairs) => {
          const key = `runs/${String(runs.length).padStart(3, '0')}`;
          runs.push(key);
          await writeRun(store, key, [words], () => pairs);
        });
        let exact = 0;
        for (let place = 0; place < rows * rowLength; place++) {
          if (cuts.includes(place)) await spill.finish();
          // Latents of a token come in any order, as a top-k gives them.
          for (let latent = width - 1; latent >= 0; latent--) {
            const value = dense[place * width + latent]!;
            if (value === 0) continue;
            if (spill.isFull) await spill.spill();
            spill.push(latent, place, value);
            exact++;
          }
        }
        await spill.finish();
        const pairs = await mergeRuns({ store, runs, key: 'by-latent.bin', facts: { hookpoint: 'h', width, rows, rowLength }, scratch: 'scratch' });
        expect(pairs).toBe(exact);
        const coder = await openCoderFile(store, 'by-latent.bin');
        await coder.verify();
        const swept = [];
        for await (const latent of coder.sweep()) swept.push(latent);
        for (let latent = 0; latent < width; latent++) {
          const expected = dense.flatMap((_, place) => (place < rows * rowLength && dense[place * width + latent] !== 0 ? [place] : []));
          const values = expected.map((place) => dense[place * width + latent]!);
          const largest = Math.max(0, ...values.map(Math.abs));
          const got = await coder.latent(latent);
          expect(swept[latent]).toEqual(got);
          expect([...got.place]).toEqual(expected);
          expect(coder.counts[latent]).toBe(expected.length);
          expect(coder.max[latent]).toBe(Math.max(...(expected.length > 0 ? got.value : [0])));
          expect(coder.sum[latent]).toBe([...got.value].reduce((a, b) => a + b, 0));
          expect(values.filter((value, i) => got.value[i] === 0 || !(Math.abs(got.value[i]! - value) <= bound(value, largest)))).toEqual([]);
        }
      }),
      { numRuns: 2000 },
    );
  }, 60_000);
});

describe('more runs than are read at once', () => {
  it('are merged in two steps, from a folder, to the same bytes', async () => {
    const root = mkdtempSync(join(tmpdir(), 'atlas-merge-'));
    try {
      const store = createLocalArtifacts(root);
      const [width, rows, rowLength] = [50, 900, 8];
      const facts = { hookpoint: 'h', width, rows, rowLength };
      const write = async (name: string, capacity: number): Promise<Buffer> => {
        const runs: string[] = [];
        const spill = new Spill(width, capacity, async (words, pairs) => {
          const key = `${name}/runs/${String(runs.length).padStart(5, '0')}`;
          runs.push(key);
          await writeRun(store, key, [words], () => pairs);
        });
        for (let place = 0; place < rows * rowLength; place++) {
          for (let latent = place % 7; latent < width; latent += 7 + (place % 5)) {
            if (spill.isFull) await spill.spill();
            spill.push(latent, place, 1 + ((place * latent) % 97));
          }
        }
        await spill.finish();
        expect(runs.length > 384).toBe(name === 'many');
        await mergeRuns({ store, runs, key: `${name}/by-latent.bin`, facts, scratch: `${name}/scratch` });
        return store.read(`${name}/by-latent.bin`);
      };
      expect((await write('many', 60)).equals(await write('one', 1 << 20))).toBe(true);
    } finally {
      rmSync(root, { recursive: true });
    }
  }, 60_000);
});

describe('a run', () => {
  it('holds what a plain sort gives, over many buckets of latents and many chunks of one, whichever way it came in', async () => {
    const rng = rngFor('spill', 'plain sort');
    const [width, capacity, active] = [1500, 2000, 8];
    const plain: { latent: number; place: number; value: number }[] = [];
    const runs: Record<'one by one' | 'by place', number[][]> = { 'one by one': [], 'by place': [] };
    const spillOf = (name: keyof typeof runs): Spill =>
      // Copied: the words are filled anew while later runs are made.
      new Spill(width, capacity, async (words) => void runs[name].push([...new Uint32Array(words.slice().buffer)]));
    const [single, many] = [spillOf('one by one'), spillOf('by place')];
    for (let place = 0; place < 900; place++) {
      const latents = Int32Array.from({ length: active }, (_, slot) => (rng.int(3) > 0 ? slot : slot * 180 + 20 + rng.int(150)));
      // As a top-k gives them: what did not fire is 0.
      const values = Float32Array.from({ length: active }, () => Math.max(0, rng.int(12) - 3));
      for (const [slot, latent] of latents.entries()) {
        const value = values[slot]!;
        if (value === 0) continue;
        plain.push({ latent, place, value });
        if (single.isFull) await single.spill();
        single.push(latent, place, value);
      }
      for (let from = 0; (from = many.pushPositive(latents, values, from, active, place)) < active;) await many.spill();
    }
    const totals = { pairs: plain.length, sum: plain.reduce((sum, { value }) => sum + value, 0) };
    expect(await single.finish()).toEqual(totals);
    expect(await many.finish()).toEqual(totals);

    const expected: number[][] = [];
    const bits = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0]!;
    for (let first = 0; first < plain.length; first += capacity) {
      const words: number[] = [];
      const byLatent = new Map<number, typeof plain>();
      for (const pair of plain.slice(first, first + capacity)) byLatent.set(pair.latent, [...(byLatent.get(pair.latent) ?? []), pair]);
      for (const latent of [...byLatent.keys()].sort((a, b) => a - b)) {
        const pairs = byLatent.get(latent)!;
        const values = pairs.map(({ value }) => value);
        words.push(latent, pairs.length, bits(Math.max(...values)), bits(Math.min(...values)), ...pairs.flatMap(({ place, value }) => [place, bits(value)]));
      }
      expected.push(words);
    }
    expect(expected.length).toBeGreaterThan(2);
    expect(runs['one by one']).toEqual(expected);
    expect(runs['by place']).toEqual(expected);
  });

  it('refuses a latent that the coder does not have', () => {
    const spill = new Spill(600, 10, async () => undefined);
    for (const latent of [-1, 600]) {
      expect(() => spill.push(latent, 0, 1)).toThrow('coder of 600 latents');
      expect(() => spill.pushPositive(Int32Array.of(latent), Float32Array.of(1), 0, 1, 0)).toThrow('coder of 600 latents');
    }
  });
});
