import { describe, expect, it } from 'vitest';
import { rngFor, type Rng } from '#lib/random/rng.ts';
import { naturalPrecision, rankedPrecision } from './natural-precision.ts';

/** Windows of 25 documents, five firing ones first. */
const examOf = (firing: number, silent: number) => ({
  positive: Array.from({ length: firing + silent }, (_, i) => i < firing),
  documents: Array.from({ length: firing + silent }, (_, i) => i % 25),
});

describe('a judge that says yes or no', () => {
  it('has the precision that Bayes’ rule gives at that rate, of the windows with a verdict', () => {
    const exam = examOf(50, 1000);
    // 40 of 50 firing and 20 of 1,000 silent windows get a yes; five silent ones no verdict at all.
    const yes = exam.positive.map((positive, i) => (positive ? i < 40 : i >= 1045 ? null : i < 70));
    const found = naturalPrecision(exam, yes, 0.02);
    expect(found).toMatchObject({ rate: 0.02, cut: null, nFiring: 50, nSilent: 995, nFailed: 5, firing: { value: 0.8 } });
    expect(found.precision!.value).toBeCloseTo((0.02 * 0.8) / (0.02 * 0.8 + (0.98 * 20) / 995), 12);
    expect(found.precision!.lower).toBeLessThan(found.precision!.value);
  });
});

describe('a judge that only ranks', () => {
  it('says yes about as often as the latent fires', () => {
    const exam = examOf(50, 1000);
    const found = rankedPrecision(exam, exam.positive.map((positive, i) => (positive ? 0.9 : i / 10_000)), 0.05, rngFor('perfect')); // prettier-ignore
    expect(found).toMatchObject({ cut: 0.9, precision: { value: 1 }, firing: { value: 1 }, falseAlarms: { value: 0 } });
    // Nothing silent among a thousand was taken for firing, which is not to say that nothing ever is.
    expect(found.precision).toMatchObject({ lower: expect.closeTo(0.2655, 3), upper: 1 });
  });

  it('says nothing without both classes', () => {
    expect(rankedPrecision(examOf(5, 0), [1, 2, 3, 4, 5], 0.1, rngFor('one class'))).toMatchObject({ precision: null, cut: null, nFailed: 5 });
  });

  it('finds the precision at the break-even point of two normal distributions, in an interval that mostly holds it', () => {
    // Standard normals 2 apart: where as much gets a yes as fires, precision is Φ(2 − c) with rate · Φ(2 − c) + (1 − rate) · Φ(−c) = rate.
    const normal = (rng: Rng): number => Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
    for (const { rate, truth } of [
      { rate: 0.2, truth: 0.70771 },
      { rate: 0.02, truth: 0.40124 },
    ]) {
      const runs = 120;
      let [covered, sum] = [0, 0];
      for (let run = 0; run < runs; run++) {
        const rng = rngFor('ranked precision', rate, run);
        const exam = examOf(50, 1000);
        const { precision } = rankedPrecision(exam, exam.positive.map((positive) => normal(rng) + (positive ? 2 : 0)), rate, rng); // prettier-ignore
        sum += precision!.value;
        covered += Number(precision!.lower <= truth && truth <= precision!.upper);
      }
      expect(Math.abs(sum / runs - truth)).toBeLessThan(0.03);
      expect(covered / runs).toBeGreaterThan(0.93);
    }
  });
});
