import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { clusterRatio } from './cluster-ratio.ts';

describe('clusterRatio', () => {
  it('is the classic interval of a mean with one item a cluster', () => {
    // Mean 3, standard deviation √2.5, t of 4 degrees of freedom 2.776445105: 3 ± 2.776445105 · √(2.5 / 5).
    const { estimate, interval } = clusterRatio([1, 2, 3, 4, 5], [1, 1, 1, 1, 1])!;
    expect(estimate).toBe(3);
    expect(interval!.high - 3).toBeCloseTo(2.776445105 * Math.SQRT1_2, 8);
    expect(3 - interval!.low).toBeCloseTo(2.776445105 * Math.SQRT1_2, 8);
  });

  it('does not care in how many items a cluster says the same', () => {
    const [many, once] = [clusterRatio([10, 20, 30], [10, 10, 10])!.interval!, clusterRatio([1, 2, 3], [1, 1, 1])!.interval!];
    expect(many.low).toBeCloseTo(once.low, 12);
    expect(many.high).toBeCloseTo(once.high, 12);
  });

  it('says nothing it cannot know', () => {
    expect(clusterRatio([], [])).toBeNull();
    expect(clusterRatio([0, 4], [0, 2])).toEqual({ estimate: 2, interval: null });
  });

  it('covers the truth about as often as it says, with clusters of unlike size', () => {
    const rng = rngFor('cluster-ratio');
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
    let covered = 0;
    for (let trial = 0; trial < 2000; trial++) {
      const [sums, counts]: [number[], number[]] = [[], []];
      for (let cluster = 0; cluster < 12; cluster++) {
        const [shift, n] = [normal(), 5 + rng.int(20)];
        counts.push(n);
        sums.push(Array.from({ length: n }, () => 1 + shift + normal()).reduce((a, b) => a + b, 0));
      }
      const { low, high } = clusterRatio(sums, counts)!.interval!;
      covered += Number(low <= 1 && 1 <= high);
    }
    // The linearisation costs a little at 12 clusters.
    expect(covered / 2000).toBeGreaterThan(0.92);
    expect(covered / 2000).toBeLessThan(0.97);
  });
});
