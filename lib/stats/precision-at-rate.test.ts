import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { clusterProportion } from './cluster-proportion.ts';
import { precisionAtRate } from './precision-at-rate.ts';

const share = (estimate: number, low: number, high: number) => ({ estimate, interval: { low, high } });

describe('precisionAtRate', () => {
  it('is Bayes’ rule', () => {
    // Of 10,000 windows 100 fire: 90 found, and of 9,900 silent ones 99 taken for firing.
    expect(precisionAtRate(share(0.9, 0.8, 0.95), share(0.01, 0.005, 0.02), 0.01)?.estimate).toBeCloseTo(90 / (90 + 99), 12);
  });

  it('lies in an interval that only the uncertain part widens', () => {
    const sure = precisionAtRate(share(0.9, 0.9, 0.9), share(0.01, 0.005, 0.02), 0.01)!;
    // With the share of firing windows known, the bounds are those of false alarms.
    expect(sure.interval.low).toBeCloseTo(9 / (9 + 19.8), 12);
    expect(sure.interval.high).toBeCloseTo(9 / (9 + 4.95), 12);
    const both = precisionAtRate(share(0.9, 0.6, 0.95), share(0.01, 0.005, 0.02), 0.01)!;
    expect(both.interval.low).toBeLessThan(sure.interval.low);
  });

  it('has a lower bound where nothing silent was taken for firing, and says nothing of a judge that never says yes', () => {
    expect(precisionAtRate(share(0.9, 0.8, 0.95), share(0, 0, 0.004), 0.01)).toMatchObject({ estimate: 1, interval: { low: 9 / (9 + 3.96), high: 1 } });
    expect(precisionAtRate(share(0, 0, 0.07), share(0.1, 0.08, 0.12), 0.01)).toMatchObject({ estimate: 0, interval: { low: 0 } });
    expect(precisionAtRate(share(0, 0, 0.07), share(0, 0, 0.004), 0.01)).toBeNull();
  });

  it('covers the true precision in about 95 of 100 samples', () => {
    const [s, f, rate] = [0.85, 0.02, 0.03];
    const truth = (rate * s) / (rate * s + (1 - rate) * f);
    let covered = 0;
    for (let run = 0; run < 1000; run++) {
      const rng = rngFor('precision', run);
      const draw = (p: number, n: number) =>
        clusterProportion(
          Array.from({ length: n }, () => rng.next() < p),
          Array.from({ length: n }, (_, i) => i % 25),
        )!;
      const [a, b] = [draw(s, 50), draw(f, 1000)];
      const { interval } = precisionAtRate({ ...a, interval: a.interval! }, { ...b, interval: b.interval! }, rate)!;
      covered += Number(interval.low <= truth && truth <= interval.high);
    }
    expect(covered / 1000).toBeGreaterThan(0.93);
  });
});
