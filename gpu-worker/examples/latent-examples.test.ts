import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import type { DataSet } from '#gpu-worker/activations/data-set.ts';
import { latentExamples } from './latent-examples.ts';
import { ATLAS_PROTOCOL } from '#lib/example/protocol.ts';
import { QUANTILES, sampleQuantiles, sampleSilent } from './sample.ts';
import { activatingWindows, documentOf, isWhole, WINDOW_LENGTH, windowsOf, type ActivatingWindow } from './windows.ts';

/** 120 rows of 24 documents, five rows each, every third document on each side; the last row of each is half padding. */
function dataSet(): DataSet {
  const splits = ['train', 'test', 'reserve'] as const;
  const rows = 120;
  return {
    rows,
    rowLength: 256,
    bos: 0,
    tokenCount: rows * 255,
    documents: Array.from({ length: 24 }, (_, d) => ({ key: `d${d}`, split: splits[d % 3] as (typeof splits)[number] })),
    tokens: new Int32Array(rows * 256).fill(5),
    document: Uint32Array.from({ length: rows }, (_, row) => Math.floor(row / 5)),
    length: Uint16Array.from({ length: rows }, (_, row) => (row % 5 === 4 ? 100 : 256)),
  };
}

const activations = (seed: number, rate: number) => {
  const rng = rngFor('activations', seed);
  const [place, value]: [number[], number[]] = [[], []];
  const data = dataSet();
  for (let row = 0; row < data.rows; row++) {
    for (let position = 1; position < (data.length[row] as number); position++) {
      if (rng.next() > rate) continue;
      place.push(row * 256 + position);
      value.push(Math.fround(rng.next() + 0.01));
    }
  }
  return { latent: seed, place: Uint32Array.from(place), value: Float32Array.from(value) };
};

describe('windows', () => {
  it('finds, for every whole window, the maximum a scan of its tokens finds', () => {
    const data = dataSet();
    const own = activations(1, 0.02);
    const found = new Map(activatingWindows(data, own).map((w) => [w.window, w]));
    for (let window = 0; window < data.rows * 8; window++) {
      const inside = [...own.place.keys()].filter((i) => Math.floor((own.place[i] as number) / WINDOW_LENGTH) === window);
      const entry = found.get(window);
      if (inside.length === 0 || !isWhole(data, window)) expect(entry).toBeUndefined();
      else {
        expect(entry?.max).toBe(Math.max(...inside.map((i) => own.value[i] as number)));
        expect([entry?.from, entry?.to]).toEqual([inside[0], (inside.at(-1) as number) + 1]);
      }
    }
  });
});

describe('sampleQuantiles', () => {
  const windows = (n: number): ActivatingWindow[] => Array.from({ length: n }, (_, i) => ({ window: i, max: n - i, from: i, to: i + 1 }));

  it('draws from every tenth by rank, without repeats, strongest first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 8 }), (n, each) => {
        const drawn = sampleQuantiles(windows(n), each, (q) => rngFor('q', q));
        expect(new Set(drawn.map(({ window }) => window)).size).toBe(drawn.length);
        for (let q = 0; q < QUANTILES; q++) {
          const [from, to] = [Math.floor((q * n) / 10), Math.floor(((q + 1) * n) / 10)];
          const group = drawn.filter(({ quantile }) => quantile === q);
          expect(group.length).toBe(Math.min(each, to - from));
          for (const { window } of group) expect(window >= from && window < to).toBe(true);
        }
      }),
    );
  });

  it('draws uniformly within a tenth (chi-square)', () => {
    const counts = new Array<number>(20).fill(0);
    for (let seed = 0; seed < 4000; seed++) {
      for (const { window } of sampleQuantiles(windows(200), 5, (q) => rngFor(seed, q)).filter(({ quantile }) => quantile === 3)) {
        counts[window - 60] = (counts[window - 60] as number) + 1;
      }
    }
    const chi2 = counts.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    // 99.9th percentile of chi-square with 19 degrees of freedom; drawing without replacement only makes it smaller.
    expect(chi2).toBeLessThan(43.8);
  });
});

describe('latentExamples', () => {
  const data = dataSet();
  const candidates = windowsOf(data, 'test');

  it('never shows and examines windows of one document, over 1,000 latents', () => {
    for (let latent = 0; latent < 1000; latent++) {
      const own = activations(latent, 0.004 + (latent % 7) * 0.004);
      const { train, test, negatives } = latentExamples(data, own, ATLAS_PROTOCOL, 22, candidates);
      const shown = new Set(train.map(({ window }) => documentOf(data, window)));
      for (const window of [...test.map((w) => w.window), ...negatives]) expect(shown.has(documentOf(data, window))).toBe(false);
      const firing = new Set(activatingWindows(data, own).map(({ window }) => window));
      expect(negatives.some((window) => firing.has(window))).toBe(false);
      expect(new Set(negatives).size).toBe(negatives.length);
    }
  });

  it('draws other negatives for another latent, and the same again for the same', () => {
    const draw = (latent: number) => latentExamples(data, { ...activations(1, 0.01), latent }, ATLAS_PROTOCOL, 22, candidates).negatives;
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1).filter((window) => draw(2).includes(window)).length).toBeLessThan(35);
  });

  it('says why a latent is not scored', () => {
    const status = (own: { place: Uint32Array; value: Float32Array }) => latentExamples(data, { latent: 0, ...own }, ATLAS_PROTOCOL, 22, candidates).status;
    expect(status({ place: new Uint32Array(), value: new Float32Array() })).toBe('dead');
    expect(status(activations(3, 0.0005))).toBe('too_few_windows');
    expect(status(activations(3, 0.02))).toBe('ready');
    // Fires everywhere, but only in the first three documents of each side.
    const near = activations(3, 0.5);
    const kept = [...near.place.keys()].filter((i) => (near.place[i] as number) < 9 * 5 * 256);
    expect(status({ place: near.place.filter((_, i) => kept.includes(i)), value: near.value.filter((_, i) => kept.includes(i)) })).toBe('too_few_documents');
  });
});

describe('sampleSilent', () => {
  it('gives every silent window when fewer are left than asked for', () => {
    const drawn = sampleSilent(Uint32Array.of(1, 2, 3, 4, 5), [2, 4], 50, rngFor('s'));
    expect(drawn.sort()).toEqual([1, 3, 5]);
  });
});
