import { expect, it } from 'vitest';
import { pearson } from './pearson.ts';
import { spearman } from './spearman.ts';

it('has its extremes on straight and on monotone lines', () => {
  const x = [1, 2, 3, 4];
  expect(
    pearson(
      x,
      x.map((v) => 5 - 2 * v),
    ),
  ).toBeCloseTo(-1, 15);
  expect(
    spearman(
      x,
      x.map((v) => v ** 5),
    ),
  ).toBeCloseTo(1, 15);
});

it('matches Spearman’s formula by rank differences', () => {
  // 1 − 6 Σd² / n(n² − 1) with d = (1, −1, 2, −1, −1): Σd² = 8.
  expect(spearman([1, 2, 3, 4, 5], [2, 1, 5, 3, 4])).toBeCloseTo(1 - (6 * 8) / 120, 14);
});

it('has no value for a constant side, even one whose mean rounds', () => {
  expect(pearson([0.1, 0.1, 0.1], [1, 2, 3])).toBeNull();
  expect(pearson([1], [1])).toBeNull();
  expect(() => pearson([1, 2], [1])).toThrow(/one length/);
});
