import { expect, it } from 'vitest';
import { explainedVariance } from './explained-variance.ts';

it('is 0 for the column mean and 1 for a perfect copy', () => {
  const x = [0, 10, 2, 10, 4, 40];
  const mean = [2, 20, 2, 20, 2, 20];
  expect(explainedVariance(x, mean, 2).varianceExplained).toBeCloseTo(0, 14);
  expect(explainedVariance(x, x, 2)).toMatchObject({ fvu: 0, mse: 0 });
  expect(explainedVariance(x, x, 2).cosine).toBeCloseTo(1, 14);
});

it('forgives a constant shift only where it says so', () => {
  const x = [1, 2, 3];
  const shifted = [2, 3, 4];
  expect(explainedVariance(x, shifted, 1)).toMatchObject({ varianceExplained: -0.5, biasFreeWeighted: 1, biasFreeUniform: 1 });
});

it('refuses matrices of other shapes', () => {
  expect(() => explainedVariance([1, 2], [1, 2, 3], 1)).toThrow(/one shape/);
  expect(() => explainedVariance([], [], 4)).toThrow(/at least one row/);
});
