import { expect, it } from 'vitest';
import { bcaInterval, percentileInterval } from './bootstrap.ts';

it('reads the central share of the replicates in any order', () => {
  const replicates = Array.from({ length: 101 }, (_, i) => (i * 37) % 101);
  const interval = percentileInterval(replicates, 0.9)!;
  expect(interval.low).toBeCloseTo(5, 12);
  expect(interval.high).toBeCloseTo(95, 12);
  expect(percentileInterval([])).toBeNull();
});

it('is the percentile interval when there is neither bias nor skew', () => {
  const replicates = Array.from({ length: 101 }, (_, i) => i - 50);
  const bca = bcaInterval(0, replicates, [-1, 1, -2, 2], 0.9)!;
  const percentile = percentileInterval(replicates, 0.9)!;
  expect(bca.z0).toBeCloseTo(0, 14);
  expect(bca.low).toBeCloseTo(percentile.low, 9);
  expect(bca.high).toBeCloseTo(percentile.high, 9);
});

it('has nothing to correct with when the estimate is outside or leaving one out changes nothing', () => {
  expect(bcaInterval(10, [1, 2, 3], [1, 2])).toBeNull();
  expect(bcaInterval(2, [1, 2, 3], [0.1, 0.1, 0.1])).toBeNull();
});
