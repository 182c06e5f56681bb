import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sampler } from '#lib/example/protocol.ts';
import { rngFor, sampleIndices } from '#lib/random/rng.ts';
import { quantileOf, ranked, sample, type Quantiles } from './sample.ts';

const cut = fc.record<Quantiles>({ quantiles: fc.integer({ min: 1, max: 12 }), remainder: fc.constantFrom('spread' as const, 'dropped' as const) });
const sampler: fc.Arbitrary<Sampler> = fc.oneof(
  fc.record({ kind: fc.constant('top' as const), count: fc.nat(60) }),
  fc.record({ kind: fc.constant('random' as const), count: fc.nat(60) }),
  fc.record({ kind: fc.constant('quantiles' as const), perQuantile: fc.nat(8) }),
  fc.record({ kind: fc.constant('mix' as const), count: fc.nat(60), ratioTop: fc.constantFrom(0, 0.2, 0.5, 1) }),
);

/** Groups as lists of windows, dealt one by one: what the arithmetic of borders has to come to. */
function groups<T>(inRank: T[], { quantiles, remainder }: Quantiles): T[][] {
  const left = [...inRank];
  if (remainder === 'dropped') return Array.from({ length: quantiles }, () => left.splice(0, Math.floor(inRank.length / quantiles)));
  return Array.from({ length: quantiles }, (_, q) => inRank.filter((_, rank) => isWithin(rank, q, quantiles, inRank.length)));
}

/** rank < ⌊(q + 1)·n/Q⌋ and rank ≥ ⌊q·n/Q⌋ in whole numbers. */
const isWithin = (rank: number, q: number, quantiles: number, n: number): boolean =>
  BigInt(rank) >= (BigInt(q) * BigInt(n)) / BigInt(quantiles) && BigInt(rank) < (BigInt(q + 1) * BigInt(n)) / BigInt(quantiles);

describe('sample', () => {
  it('draws, by every sampler, what lists of the dense maxima give', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 150 }), sampler, cut, fc.nat(), (maxima, how, by, seed) => {
        const windows = maxima.map((max, origin) => ({ max, origin }));
        const rng = (part: number | null) => rngFor(seed, String(part));
        const drawn = sample(ranked(windows), how, by, rng);

        // The reference: order by repeatedly taking the strongest, earliest; lists instead of borders.
        const rest = [...windows];
        const order: typeof windows = [];
        while (rest.length > 0) {
          const best = rest.reduce((a, b) => (b.max > a.max ? b : a));
          order.push(...rest.splice(rest.indexOf(best), 1));
        }
        const fromLists = (list: typeof windows, each: number) =>
          groups(list, by).flatMap((group, q) => {
            const picked = new Set(sampleIndices(rng(q), group.length, each));
            return group.filter((_, i) => picked.has(i));
          });
        const expected = ((): typeof windows => {
          switch (how.kind) {
            case 'top':
              return order.slice(0, how.count);
            case 'random': {
              const picked = new Set(sampleIndices(rng(null), order.length, how.count));
              return order.filter((_, i) => picked.has(i));
            }
            case 'quantiles':
              return fromLists(order, how.perQuantile);
            case 'mix': {
              const top = Math.floor(how.count * how.ratioTop);
              return [...order.slice(0, top), ...fromLists(order.slice(top), Math.floor(Math.floor(how.count * (1 - how.ratioTop)) / by.quantiles))];
            }
          }
        })();
        expect(drawn.map(({ max, origin }) => ({ max, origin }))).toEqual(expected);
        const lists = groups(order, by);
        for (const { origin, quantile } of drawn) {
          const at = lists.findIndex((list) => list.some((window) => window.origin === origin));
          expect(quantile).toBe(at < 0 ? null : at);
        }
      }),
      { numRuns: 5000 },
    );
  }, 60_000);

  it('gives every rank the group whose borders hold it, for all sizes to 700', () => {
    for (let n = 0; n <= 700; n++) {
      for (let rank = 0; rank < n; rank++) {
        const spread = quantileOf(rank, n, { quantiles: 10, remainder: 'spread' });
        if (spread === null || !isWithin(rank, spread, 10, n)) expect.unreachable(`${rank} of ${n}`);
        const size = Math.floor(n / 10);
        const dropped = size === 0 || rank >= 10 * size ? null : Math.floor(rank / size);
        if (quantileOf(rank, n, { quantiles: 10, remainder: 'dropped' }) !== dropped) expect.unreachable(`${rank} of ${n}, dropped`);
      }
    }
  });

  it('draws uniformly within every quantile (chi-square)', () => {
    const [size, each, draws] = [20, 5, 4000];
    const windows = Array.from({ length: 10 * size }, (_, i) => ({ max: 1000 - i, origin: i }));
    const counts = new Array<number>(windows.length).fill(0);
    for (let seed = 0; seed < draws; seed++) {
      const drawn = sample(windows, { kind: 'quantiles', perQuantile: each }, { quantiles: 10, remainder: 'spread' }, (q) => rngFor(seed, 'test', 7, q ?? -1));
      for (const { origin } of drawn) counts[origin]!++;
    }
    const expected = (draws * each) / size;
    for (let q = 0; q < 10; q++) {
      const own = counts.slice(q * size, (q + 1) * size);
      const chi2 = own.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
      // 99.99th percentile of chi-square with 19 degrees of freedom, for ten looks; drawing without replacement makes it smaller.
      expect(chi2).toBeLessThan(50.8);
      // Nor is it too even: 0.01st percentile, 3.7, times 15/19, the share that drawing 5 of 20 without replacement leaves.
      expect(chi2).toBeGreaterThan(2.5);
    }
  }, 60_000);
});
