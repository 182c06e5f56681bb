import { expect, it } from 'vitest';
import { averagePrecision } from './average-precision.ts';

it('averages the precision at each positive when no scores tie', () => {
  // Positives at ranks 1 and 3: (1/1 + 2/3) / 2.
  expect(averagePrecision([1, 0, 1, 0], [4, 3, 2, 1])).toBeCloseTo((1 + 2 / 3) / 2, 15);
});

it('is the share of positives for constant scores', () => {
  expect(averagePrecision([1, 0, 0, 0], [5, 5, 5, 5])).toBe(0.25);
});

it('refuses NaN', () => {
  expect(() => averagePrecision([1], [NaN])).toThrow(/not a number/);
});
