import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { pairedCorrelation, type PairedSeries } from './paired-correlation.ts';
import { pearson } from './pearson.ts';

/** A truth and two predictions of it, over documents which differ in gain, level and rate; the second is noisier. */
function planted(seed: string, documents: number, noise: readonly [number, number]): PairedSeries {
  const rng = rngFor('paired correlation', seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
  const out = { truth: [] as number[], first: [] as number[], second: [] as number[], documents: [] as number[], strata: [] as boolean[] };
  for (const firing of [true, false]) {
    for (let document = 0; document < documents; document++) {
      const [gain, level, rate] = [Math.exp(0.5 * normal()), 0.4 * normal(), 0.3 * rng.next()];
      for (let item = 0; item < 80; item++) {
        const truth = firing && rng.next() < rate ? 3 + 7 * rng.next() : 0;
        out.truth.push(truth);
        // What both have wrong alike must not widen the difference.
        const shared = normal();
        out.first.push(gain * truth + level + noise[0] * (shared + normal()));
        out.second.push(gain * truth + level + noise[1] * (shared + normal()));
        out.documents.push(document);
        out.strata.push(firing);
      }
    }
  }
  return out;
}

describe('pairedCorrelation', () => {
  it('is the difference of two correlations, with an interval that covers the truth about as often as it says', () => {
    const population = planted('population', 4000, [2, 4]);
    const truth = pearson(population.truth, population.first)! - pearson(population.truth, population.second)!;
    let covered = 0;
    for (let i = 0; i < 300; i++) {
      const sample = planted(`sample ${i}`, 20, [2, 4]);
      const { estimate, interval } = pairedCorrelation(sample, rngFor('draws', i), { resamples: 200 })!;
      expect(estimate).toBeCloseTo(pearson(sample.truth, sample.first)! - pearson(sample.truth, sample.second)!, 12);
      if (interval!.low <= truth && truth <= interval!.high) covered++;
    }
    // 300 repetitions of 95 %: two standard deviations are two and a half in a hundred.
    expect(covered / 300).toBeGreaterThanOrEqual(0.92);
    expect(covered / 300).toBeLessThanOrEqual(0.99);
  });

  it('has no value for a constant prediction, no interval for one document, and is 0 for one prediction twice', () => {
    const series = (second: number[], documents: number[]): PairedSeries => ({
      truth: [0, 1, 0, 3],
      first: [0, 1, 0, 2],
      second,
      documents,
      strata: [true, true, false, false],
    });
    expect(pairedCorrelation(series([2, 2, 2, 2], [0, 1, 0, 1]), rngFor('a'))).toBeNull();
    expect(pairedCorrelation(series([1, 1, 0, 2], [0, 1, 5, 5]), rngFor('b'))).toMatchObject({ interval: null });
    const one = planted('same', 8, [1, 1]);
    expect(pairedCorrelation({ ...one, second: one.first }, rngFor('c'))).toEqual({ estimate: 0, interval: { low: 0, high: 0 } });
    expect(() => pairedCorrelation({ ...one, documents: [] }, rngFor('d'))).toThrow('two predictions');
  });
});
