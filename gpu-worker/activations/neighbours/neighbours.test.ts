import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pearson } from '#lib/stats/pearson.ts';
import { denseStore, isStored, storeDense, type DenseStore } from '#tests/doubles/dense-store.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { coOccurrence, coOccurrenceOf } from './co-occurrence.ts';
import { correlate, correlationOf } from './correlation.ts';
import { NearestLists, type Neighbour } from './nearest-lists.ts';

/** Best first, of equals the lower index, k of them. */
const nearest = (all: readonly Neighbour[], k: number): Neighbour[] =>
  all
    .map(({ index, score }) => ({ index, score: Math.fround(score) }))
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, k);

const columns = (d: DenseStore, rows: (row: number) => boolean): number[][] =>
  Array.from({ length: d.width }, (_, latent) =>
    d.tokens.flatMap((_token, place) => (isStored(d, place) && rows(Math.floor(place / d.rowLength)) ? [d.dense[place * d.width + latent]!] : [])),
  );

function jaccards(d: DenseStore, latent: number, rows: (row: number) => boolean = () => true): Neighbour[] {
  const column = columns(d, rows);
  return column.flatMap((other, index) => {
    const [both, either] = [(v: number, i: number) => v !== 0 && other[i] !== 0, (v: number, i: number) => v !== 0 || other[i] !== 0];
    const shared = column[latent]!.filter(both).length;
    return index === latent || shared === 0 ? [] : [{ index, score: shared / column[latent]!.filter(either).length }];
  });
}

describe('lists of neighbours', () => {
  it('keep the best of what is offered, in whatever order', () => {
    const offers = fc.array(fc.tuple(fc.nat(3), fc.integer({ min: -4, max: 4 })), { maxLength: 60 });
    fc.assert(
      fc.property(offers, fc.integer({ min: 1, max: 6 }), (list, k) => {
        const lists = new NearestLists(4, k);
        list.forEach(([latent, score], index) => lists.offer(latent, index, score));
        for (let latent = 0; latent < 4; latent++) {
          const own = list.flatMap(([of, score], index) => (of === latent ? [{ index, score }] : []));
          expect(lists.nearest(latent)).toEqual(nearest(own, k));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('co-occurrence', () => {
  it('is the Jaccard index over the tokens of a dense matrix, for all latents at once and for one', async () => {
    await fc.assert(
      fc.asyncProperty(denseStore({ rows: 4, rowLength: 8, width: 9 }), fc.integer({ min: 1, max: 10 }), async (d, k) => {
        const { coder } = await storeDense(memoryArtifacts(), d);
        const { lists, rows } = await coOccurrence(coder, k);
        expect(rows).toBe(d.rows);
        for (let latent = 0; latent < d.width; latent++) {
          const expected = nearest(jaccards(d, latent), k);
          expect(lists.nearest(latent)).toEqual(expected);
          expect(await coOccurrenceOf(coder, latent, k)).toEqual(expected);
        }
      }),
      { numRuns: 1000 },
    );
  }, 60_000);

  it('is that of rows evenly spread where memory is short', async () => {
    const [d] = fc.sample(
      denseStore({ rows: 9, rowLength: 8, width: 9 }).filter(({ rows }) => rows === 9),
      { numRuns: 1, seed: 5 },
    );
    const { coder } = await storeDense(memoryArtifacts(), d!);
    const all = coder.pairs * 2 + coder.rows * coder.rowLength * 12;
    const { lists, rows } = await coOccurrence(coder, 9, { budget: all / 3 });
    expect(rows).toBe(3);
    for (let latent = 0; latent < d!.width; latent++) expect(lists.nearest(latent)).toEqual(nearest(jaccards(d!, latent, (row) => row % 3 === 0), 9)); // prettier-ignore
  });
});

describe('correlation', () => {
  it('of two coders is Pearson’s r over the stored tokens', async () => {
    const other = (d: DenseStore, values: readonly number[]): DenseStore => ({
      ...d,
      dense: d.dense.map((_, i) => (isStored(d, Math.floor(i / d.width)) ? values[i % values.length]! * (d.dense[(i * 7) % d.dense.length]! + (i % 3)) : 0)),
    });
    const weights = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(denseStore({ rows: 4, rowLength: 8, width: 6 }), weights, async (first, values) => {
        const second = other(first, values);
        const artifacts = memoryArtifacts();
        const [a, b] = [await storeDense(artifacts, first, 'a'), await storeDense(artifacts, second, 'b')];
        const k = second.width;
        const { lists } = await correlate(a.coder, b.coder, k, (row, position) => isStored(first, row * first.rowLength + position));
        const [x, y] = [columns(first, () => true), columns(second, () => true)];
        for (let latent = 0; latent < first.width; latent++) {
          const expected = new Map(
            y.flatMap((column, index) => {
              const r = column.some((v, i) => v !== 0 && x[latent]![i] !== 0) ? pearson(x[latent]!, column) : null;
              return r === null ? [] : [[index, r] as const];
            }),
          );
          const found = lists.nearest(latent);
          expect(found.map(({ index }) => index).sort()).toEqual([...expected.keys()].sort());
          const tokens = first.tokens.filter((_, place) => isStored(first, place)).length;
          expect(await correlationOf(a.coder, latent, b.coder, k, tokens)).toEqual(found);
          // One pass against two: the sums are exact eighths here, the rest is rounding to a single.
          for (const { index, score } of found) expect(score).toBeCloseTo(expected.get(index)!, 6);
          expect(found.map(({ score }) => score)).toEqual(found.map(({ score }) => score).sort((p, q) => q - p));
        }
      }),
      { numRuns: 500 },
    );
  }, 60_000);
});
