import { describe, expect, it } from 'vitest';
import { rngFor, type Rng } from '#lib/random/rng.ts';
import { clusterProportion } from './cluster-proportion.ts';
import { normalQuantile } from './normal.ts';
import { wilson } from './wilson.ts';

const gauss = (rng: Rng): number => Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());

describe('clusterProportion', () => {
  it.each([0.2, 0.5, 0.9, 0.98])('covers a true proportion of %d with document effects in about 95 of 100 samples', (truth) => {
    let covered = 0;
    const runs = 1000;
    for (let run = 0; run < runs; run++) {
      const rng = rngFor('proportion', truth, run);
      const shift = Array.from({ length: 15 }, () => gauss(rng) * 0.5);
      const clusters = Array.from({ length: 50 }, () => rng.int(15));
      const successes = clusters.map((cluster) => shift[cluster]! + gauss(rng) < normalQuantile(truth) * Math.sqrt(1.25));
      const { interval } = clusterProportion(successes, clusters)!;
      covered += Number(interval!.low <= truth && truth <= interval!.high);
    }
    expect(covered / runs).toBeGreaterThan(0.93);
  });

  it('is Wilson’s interval, with t for z, where each item is its own cluster', () => {
    const successes = Array.from({ length: 40 }, (_, i) => i < 30);
    const { estimate, interval } = clusterProportion(successes, [...successes.keys()])!;
    expect(estimate).toBe(0.75);
    // n of the linearised variance is 39 of 40; t(39) = 2.0227 for z = 1.96.
    const n = 39 * (1.959964 / 2.022691) ** 2;
    const expected = wilson(0.75 * n, n)!;
    expect(interval!.low).toBeCloseTo(expected.low, 5);
    expect(interval!.high).toBeCloseTo(expected.high, 5);
  });

  it('never collapses, and takes a cluster for one item where all agree', () => {
    const { interval } = clusterProportion([1, 1, 1, 1, 1, 1], [1, 1, 2, 2, 3, 3])!;
    expect(interval!.high).toBe(1);
    expect(interval!.low).toBeLessThan(0.5);
  });

  it('has no interval from one cluster and nothing from no items', () => {
    expect(clusterProportion([1, 0], [7, 7])).toEqual({ estimate: 0.5, interval: null });
    expect(clusterProportion([], [])).toBeNull();
  });
});
