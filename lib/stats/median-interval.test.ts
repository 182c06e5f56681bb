import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { medianInterval } from './median-interval.ts';

describe('medianInterval', () => {
  it('gives the order statistics of the textbook rule', () => {
    expect(medianInterval(Array.from({ length: 100 }, (_, i) => i + 1))).toEqual({ low: 40, high: 61 });
    expect(medianInterval([3])).toEqual({ low: 3, high: 3 });
    expect(medianInterval([])).toBeNull();
  });

  it('covers the true median in about 95 % of samples', () => {
    const rng = rngFor('median coverage');
    let covered = 0;
    for (let repetition = 0; repetition < 2000; repetition++) {
      // Exponential: skewed, median ln 2.
      const interval = medianInterval(Array.from({ length: 80 }, () => -Math.log(1 - rng.next())));
      if (interval && interval.low <= Math.LN2 && Math.LN2 <= interval.high) covered++;
    }
    expect(covered / 2000).toBeGreaterThan(0.94);
    expect(covered / 2000).toBeLessThan(0.98);
  });
});
