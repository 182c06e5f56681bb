import { expect, test } from 'vitest';
import { randomOrthogonal, randomUnitRows } from './random-matrix.ts';

test('unit rows have length 1, no preferred direction, and do not depend on how many there are', () => {
  const rows = 4000;
  const d = 5;
  const matrix = randomUnitRows(rows, d, 7);
  const mean = new Float64Array(d);
  for (let row = 0; row < rows; row++) {
    const v = matrix.subarray(row * d, (row + 1) * d);
    expect(Math.hypot(...v)).toBeCloseTo(1, 6);
    v.forEach((value, i) => (mean[i]! += value / rows));
  }
  // Each coordinate of a uniform direction has variance 1/d, so the mean's standard error is √(1/d/rows) = .007.
  for (const value of mean) expect(Math.abs(value)).toBeLessThan(4 * Math.sqrt(1 / d / rows));
  expect(randomUnitRows(3, d, 7)).toEqual(matrix.slice(0, 3 * d));
  expect(randomUnitRows(3, d, 8)).not.toEqual(matrix.slice(0, 3 * d));
});

test('a random rotation keeps inner products', () => {
  const n = 65;
  const q = randomOrthogonal(n, n, 3);
  for (let a = 0; a < n; a++) {
    for (let b = 0; b <= a; b++) {
      let dot = 0;
      for (let i = 0; i < n; i++) dot += q[a * n + i]! * q[b * n + i]!;
      // Rows are rounded to float32 (2⁻²⁴ relative), so sums of 65 products err by some 1e-7.
      expect(Math.abs(dot - (a === b ? 1 : 0))).toBeLessThan(1e-6);
    }
  }
});
