import { describe, expect, it } from 'vitest';
import { normalQuantile } from './normal.ts';
import { studentTCentral, studentTMultiplier } from './student-t.ts';

describe("Student's t", () => {
  it('has the closed forms of one and two degrees of freedom', () => {
    for (const t of [0.1, 1, 3, 50]) {
      expect(studentTCentral(t, 1)).toBeCloseTo((2 / Math.PI) * Math.atan(t), 14);
      expect(studentTCentral(t, 2)).toBeCloseTo(t / Math.sqrt(2 + t * t), 14);
    }
  });

  /** Printed tables, three decimals. */
  it.each([
    [1, 12.706],
    [2, 4.303],
    [4, 2.776],
    [5, 2.571],
    [10, 2.228],
    [29, 2.045],
    [120, 1.98],
  ])('95 %% multiplier for %d degrees of freedom', (df, expected) => {
    expect(studentTMultiplier(0.95, df)).toBeCloseTo(expected, 3);
  });

  it('tends to the normal multiplier', () => {
    // The first term of the expansion is (z³ + z) / 4df.
    expect(studentTMultiplier(0.95, 20_000) - normalQuantile(0.975)).toBeCloseTo(0.0001186, 6);
  });
});
