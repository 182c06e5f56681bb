import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { clusterCorrelation, type ClusteredSeries } from './cluster-correlation.ts';
import { pearson } from './pearson.ts';

/** Activations and predictions of `documents` documents a stratum, which differ in gain, level and rate. */
function planted(seed: string, documents: number, noise: number): ClusteredSeries {
  const rng = rngFor('cluster correlation', seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
  const out = { x: [] as number[], y: [] as number[], documents: [] as number[], strata: [] as boolean[] };
  for (const firing of [true, false]) {
    for (let document = 0; document < documents; document++) {
      const [gain, level, rate] = [Math.exp(0.5 * normal()), 0.4 * normal(), 0.3 * rng.next()];
      for (let item = 0; item < 80; item++) {
        const truth = firing && rng.next() < rate ? 3 + 7 * rng.next() : 0;
        out.x.push(truth);
        out.y.push(gain * truth + level + noise * normal());
        out.documents.push(document);
        out.strata.push(firing);
      }
    }
  }
  return out;
}

describe('clusterCorrelation', () => {
  it('is Pearson’s r, with an interval that covers the truth about as often as it says', () => {
    const population = planted('population', 4000, 4);
    const truth = pearson(population.x, population.y)!;
    let covered = 0;
    for (let i = 0; i < 200; i++) {
      const sample = planted(`sample ${i}`, 20, 4);
      const { estimate, interval } = clusterCorrelation(sample, rngFor('draws', i), { resamples: 200 })!;
      expect(estimate).toBe(pearson(sample.x, sample.y));
      if (interval!.low <= truth && truth <= interval!.high) covered++;
    }
    // 200 repetitions of 95 %: two standard deviations are three in a hundred.
    expect(covered / 200).toBeGreaterThanOrEqual(0.91);
    expect(covered / 200).toBeLessThanOrEqual(0.99);
  });

  it('is wider than if every item were a document of its own', () => {
    const sample = planted('wide', 12, 2);
    const width = (series: ClusteredSeries): number => {
      const { interval } = clusterCorrelation(series, rngFor('width'))!;
      return interval!.high - interval!.low;
    };
    const apart = { ...sample, documents: Array.from(sample.x as number[], (_, i) => i) };
    expect(width(sample)).toBeGreaterThan(1.5 * width(apart));
  });

  it('has no value for a constant series, no interval for one document, and both ends at 1 for a perfect one', () => {
    const series = (y: number[], documents: number[]): ClusteredSeries => ({ x: [0, 1, 0, 3], y, documents, strata: [true, true, false, false] });
    expect(clusterCorrelation(series([2, 2, 2, 2], [0, 1, 0, 1]), rngFor('a'))).toBeNull();
    expect(clusterCorrelation(series([0, 1, 0, 2], [0, 1, 5, 5]), rngFor('b'))).toMatchObject({ interval: null });
    const perfect = planted('perfect', 8, 1);
    expect(clusterCorrelation({ ...perfect, y: Array.from(perfect.x as number[], (x) => 2 * x + 1) }, rngFor('c'))).toMatchObject({
      estimate: expect.closeTo(1, 12),
      interval: { low: expect.closeTo(1, 9), high: expect.closeTo(1, 9) },
    });
    expect(() => clusterCorrelation({ ...perfect, documents: [] }, rngFor('d'))).toThrow('one document');
  });
});
