import { expect, it } from 'vitest';
import { calibration } from './calibration.ts';

it('finds the gap of each bin', () => {
  // Two bins: [0.2, 0.2] with outcomes 0, 1 (gap .3) and [0.9, 0.9] with outcomes 1, 1 (gap .1).
  const result = calibration([0, 1, 1, 1], [0.2, 0.2, 0.9, 0.9], 2)!;
  expect(result.ece).toBeCloseTo(0.2, 15);
  expect(result.mce).toBeCloseTo(0.3, 15);
  expect(result.brier).toBeCloseTo((0.04 + 0.64 + 0.01 + 0.01) / 4, 15);
});

it('puts 1 in the last bin and has no value for nothing', () => {
  expect(calibration([1], [1], 10)!.bins[9]).toEqual({ count: 1, meanProbability: 1, meanOutcome: 1 });
  expect(calibration([], [])).toBeNull();
});
