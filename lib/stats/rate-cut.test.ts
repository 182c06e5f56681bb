import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { rateCut } from './rate-cut.ts';

describe('rateCut', () => {
  it('says yes to as great a share of natural windows as are positive', () => {
    // Two positives weigh .05 each, four negatives .225: one negative among the yeses is already too many.
    expect(rateCut([1, 1, 0, 0, 0, 0], [0.9, 0.8, 0.7, 0.6, 0.5, 0.4], 0.1)).toBe(0.8);
    // At .5 they weigh .25 and .125: one positive and two negatives make up the half.
    expect(rateCut([1, 0, 0, 1, 0, 0], [0.9, 0.8, 0.7, 0.6, 0.5, 0.4], 0.5)).toBe(0.7);
  });

  it('keeps equal scores together and always says one yes', () => {
    expect(rateCut([0, 1, 0, 1], [0.5, 0.5, 0.1, 0.1], 0.01)).toBe(0.5);
  });

  it('finds the break-even point of two normal distributions', () => {
    // With standard normals 2 apart and a rate of .2 the cut c solves .2 Φ(2 − c) + .8 Φ(−c) = .2: c = 1.4533 by bisection in Python.
    const rng = rngFor('rate cut');
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
    const labels = Array.from({ length: 60_000 }, (_, i) => i % 3 === 0);
    const scores = labels.map((positive) => normal() + (positive ? 2 : 0));
    expect(rateCut(labels, scores, 0.2)).toBeCloseTo(1.4533, 1);
  });

  it('has no cut without both classes, and refuses a rate that is none', () => {
    expect(rateCut([1, 1], [0.1, 0.2], 0.1)).toBeNull();
    expect(() => rateCut([1, 0], [0.1, 0.2], 1)).toThrow(/lies between 0 and 1/);
  });
});
