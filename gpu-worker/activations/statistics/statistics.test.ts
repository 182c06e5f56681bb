import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { quantiles } from '#lib/stats/quantile.ts';
import { denseStore, isStored, storeDense, type DenseStore } from '#tests/doubles/dense-store.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { singleToken, type LatentProfile, type TopToken } from './latent-profile.ts';
import { informationAboutPosition } from './position-information.ts';
import { openStatistics, statisticsKey, writeStatistics } from './statistics-file.ts';

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const places = (d: DenseStore): number[] => d.tokens.map((_, place) => place).filter((place) => isStored(d, place));
const windowOf = (d: DenseStore, place: number): string => `${Math.floor(place / d.rowLength)}/${Math.floor((place % d.rowLength) / 32)}`;
const share = (tokens: readonly number[]): number => Math.max(...tokens.map((id) => tokens.filter((other) => other === id).length)) / tokens.length;

/** Every figure by its definition, over the dense matrix: slow, and sharing no step with the code under test. */
function reference(d: DenseStore, latent: number): LatentProfile {
  const stored = places(d);
  const valueAt = (place: number): number => d.dense[place * d.width + latent]!;
  const firing = stored.filter((place) => valueAt(place) !== 0);
  const values = firing.map(valueAt);
  const max = Math.max(0, ...values);
  const n = stored.length;
  const position = (place: number): number => place % d.rowLength;
  const probability = (of: (place: number) => boolean): number => stored.filter(of).length / n;
  const information = [...new Set(stored.map(position))].flatMap((x) =>
    [true, false].map((active) => {
      const isActive = (place: number): boolean => (valueAt(place) !== 0) === active;
      const joint = probability((place) => isActive(place) && position(place) === x);
      return joint === 0 ? 0 : joint * Math.log2(joint / (probability(isActive) * probability((place) => position(place) === x)));
    }),
  );
  const bin = (value: number): number => Math.min(39, Math.floor(4 * Math.log2((value / max) * 1024) + 1e-9));
  const tokenOf = (place: number): number => d.tokens[place]!;
  const ids = [...new Set(firing.map(tokenOf))].sort((a, b) => a - b);
  const top = (id: number): TopToken => ({
    token: id,
    active: firing.filter((place) => tokenOf(place) === id).length,
    total: sum(firing.filter((place) => tokenOf(place) === id).map(valueAt)),
    occurrences: stored.filter((place) => tokenOf(place) === id).length,
  });
  // Array.prototype.sort is stable and the ids ascend: of equals the lower comes first.
  const ranked = (score: (entry: TopToken) => number): TopToken[] => ids.map(top).sort((a, b) => score(b) - score(a));
  const strongest = [...firing].sort((a, b) => valueAt(b) - valueAt(a) || a - b).map(tokenOf);
  const often = ranked(({ active }) => active)[0];
  return {
    count: firing.length,
    windows: new Set(firing.map((place) => windowOf(d, place))).size,
    frequency: n === 0 ? 0 : firing.length / n,
    windowFrequency: n === 0 ? 0 : new Set(firing.map((place) => windowOf(d, place))).size / new Set(stored.map((place) => windowOf(d, place))).size,
    max,
    mean: firing.length === 0 ? 0 : sum(values) / firing.length,
    histogram: Float64Array.from({ length: 40 }, (_, i) => values.filter((value) => bin(value) === i).length),
    histogramBelow: values.filter((value) => value * 1024 < max).length,
    quantiles: Float64Array.from({ length: 11 }, (_, i) => quantiles(values, [i / 10])[0] ?? 0),
    positions: Float64Array.from({ length: 16 }, (_, i) => firing.filter((place) => Math.floor((16 * position(place)) / d.rowLength) === i).length),
    positionInformation: n === 0 ? 0 : Math.max(0, sum(information) - (new Set(stored.map(position)).size - 1) / (2 * n * Math.LN2)),
    tokens:
      often === undefined
        ? null
        : {
            entropy: -sum(ids.map((id) => (top(id).active / firing.length) * Math.log2(top(id).active / firing.length))),
            mostFrequent: often.token,
            mostFrequentShare: often.active / firing.length,
            strongestShare: share(strongest.slice(0, 50)),
            strongerHalfShare: share(strongest.slice(0, Math.ceil(firing.length / 2))),
            byTotal: ranked(({ total }) => total).slice(0, 10),
            byMean: ranked(({ total, occurrences }) => total / occurrences).slice(0, 10),
            documents: new Set(firing.map((place) => d.document[Math.floor(place / d.rowLength)])).size,
          },
  };
}

/** Sums of logarithms in another order differ in the last bits; all else is exact. */
function expectProfile(found: LatentProfile, expected: LatentProfile): void {
  const rounded = ({ tokens, ...rest }: LatentProfile) => ({ ...rest, positionInformation: 0, tokens: tokens && { ...tokens, entropy: 0 } });
  expect(rounded(found)).toEqual(rounded(expected));
  expect(found.positionInformation).toBeCloseTo(expected.positionInformation, 12);
  expect(found.tokens?.entropy ?? 0).toBeCloseTo(expected.tokens?.entropy ?? 0, 12);
}

describe('statistics of latents', () => {
  it('are what a dense matrix gives by their definitions, through the file and back', async () => {
    await fc.assert(
      fc.asyncProperty(denseStore({ rows: 5, rowLength: 40, width: 3 }), async (d) => {
        const artifacts = memoryArtifacts();
        const { rows, coder, entry } = await storeDense(artifacts, d);
        const key = statisticsKey(entry, 'data');
        const summary = await writeStatistics(artifacts, key, rows, coder);
        const file = await openStatistics(artifacts, key);
        expect(file.summary).toEqual(summary);
        const expected = Array.from({ length: d.width }, (_, latent) => reference(d, latent));
        const swept: LatentProfile[] = [];
        for await (const latent of file.sweep()) swept.push(latent);
        expect(swept).toHaveLength(d.width);
        for (let latent = 0; latent < d.width; latent++) {
          const found = await file.latent(latent);
          expect(found).toEqual(swept[latent]);
          expectProfile(found, expected[latent]!);
        }
        const kinds = expected.map(({ tokens, count }) => tokens && singleToken(tokens, count));
        expect(summary).toMatchObject({
          alive: expected.filter(({ count }) => count > 0).length,
          dead: expected.filter(({ count }) => count === 0).length,
          dense: expected.filter(({ frequency }) => frequency > 0.1).length,
          over_1_percent: expected.filter(({ frequency }) => frequency > 0.01).length,
          tokens: places(d).length,
          activations: sum(expected.map(({ count }) => count)),
          single_token: { strong: kinds.filter((kind) => kind === 'strong').length, weak: kinds.filter((kind) => kind === 'weak').length },
          median_max: quantiles(expected.filter(({ count }) => count > 0).map(({ max }) => max), [0.5])[0] ?? null,
        }); // prettier-ignore
        expect(summary.l0).toBeCloseTo(places(d).length === 0 ? 0 : sum(expected.map(({ count }) => count)) / places(d).length, 12);
      }),
      { numRuns: 1000 },
    );
  }, 120_000);

  it('looks at the strongest activations for single tokens, not at the weakest', async () => {
    const d: DenseStore = {
      rows: 1,
      rowLength: 200,
      width: 2,
      documents: 1,
      document: [0],
      length: [200],
      tokens: Array.from({ length: 200 }, (_, place) => (place < 100 ? 1 : 2 + (place % 90))),
      // The first latent is strong on token 1 and weak on many others; the second the other way round.
      dense: Array.from({ length: 400 }, (_, i) => (Math.floor(i / 2) < 100 === (i % 2 === 0) ? 8 : 1)),
    };
    const artifacts = memoryArtifacts();
    const { rows, coder, entry } = await storeDense(artifacts, d);
    await writeStatistics(artifacts, statisticsKey(entry, 'data'), rows, coder);
    const file = await openStatistics(artifacts, statisticsKey(entry, 'data'));
    const kinds = [await file.latent(0), await file.latent(1)].map(({ tokens, count }) => tokens && singleToken(tokens, count));
    expect(kinds).toEqual(['strong', null]);
  });

  it('calls no latent one token’s that fired fewer than fifty times', () => {
    const shares = { strongestShare: 1, strongerHalfShare: 1 };
    expect([1, 49, 50].map((count) => singleToken(shares, count))).toEqual([null, null, 'strong']);
  });

  it('finds about no information on the position where there is none, however seldom the latent fires', () => {
    const tokens = new Float64Array(256).fill(1000);
    for (const rate of [0.0001, 0.001, 0.01, 0.1]) {
      const rng = rngFor('position', rate * 10_000);
      const active = tokens.map((count) => Array.from({ length: count }, () => Number(rng.next() < rate)).reduce((all, one) => all + one, 0));
      // Without the correction it would be (256 − 1) / (2 · 256,000 · ln 2), 7.2e-4 bits.
      expect(informationAboutPosition(active, tokens)).toBeLessThan(2e-4);
    }
  });

  it('needs no tokens for what is not about them', async () => {
    const d: DenseStore = { rows: 1, rowLength: 4, width: 1, documents: 1, document: [0], length: [4], tokens: [1, 2, 3, 4], dense: [0, 2, 0, 1] };
    const artifacts = memoryArtifacts();
    const { coder, entry } = await storeDense(artifacts, d);
    const summary = await writeStatistics(artifacts, statisticsKey(entry, 'data'), null, coder);
    expect(summary).toMatchObject({ tokens: 4, single_token: null, l0: 0.5 });
    const file = await openStatistics(artifacts, statisticsKey(entry, 'data'));
    expect(await file.latent(0)).toMatchObject({ count: 2, frequency: 0.5, max: 2, mean: 1.5, tokens: null });
    await expect(file.latent(1)).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('names the file when a bit of it has changed', async () => {
    const d: DenseStore = { rows: 1, rowLength: 4, width: 1, documents: 1, document: [0], length: [4], tokens: [1, 2, 3, 4], dense: [0, 2, 0, 1] };
    const artifacts = memoryArtifacts();
    const { rows, coder, entry } = await storeDense(artifacts, d);
    const key = statisticsKey(entry, 'data');
    await writeStatistics(artifacts, key, rows, coder);
    artifacts.files.get(key)![40]! ^= 1;
    const file = await openStatistics(artifacts, key);
    await expect(file.latent(0)).rejects.toMatchObject({ code: 'corrupt_file', message: expect.stringContaining(key) as string });
  });
});
