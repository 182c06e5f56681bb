import { expect, test } from 'vitest';
import { scoreDistribution, scoreDistributionSchema } from './distribution.ts';

test('bins, medians and intervals of the scores given', () => {
  const values = Array.from({ length: 100 }, (_, i) => (i + 1) / 100);
  const distribution = scoreDistribution({ values, lowers: [0, 0.5, 0.512, 1], controls: [0.5], protocol: 'atlas' });
  expect(scoreDistributionSchema.parse(distribution)).toEqual(distribution);
  expect(distribution.edges).toHaveLength(distribution.values.length + 1);
  expect(distribution.values.reduce((a, b) => a + b, 0)).toBe(100);
  // 1.00 lies in the last bin, as its upper edge does; .5 opens the first bin above chance.
  expect(distribution.lowerBounds.flatMap((count, bin) => (count > 0 ? [[distribution.edges[bin], count]] : []))).toEqual([
    [0, 1],
    [0.5, 2],
    [0.975, 1],
  ]);
  expect(distribution.median).toEqual({ median: 0.505, lower: 0.4, upper: 0.61 });
  expect(distribution.controlMedian).toEqual({ median: 0.5, lower: 0.5, upper: 0.5 });
  expect(distribution).toMatchObject({ n: 100, controlN: 1 });
});

test('no scores: empty bins and no medians', () => {
  const distribution = scoreDistribution({ values: [], lowers: [], controls: [], protocol: 'paper' });
  expect(distribution).toMatchObject({ protocol: 'paper', n: 0, controlN: 0, median: null, controlMedian: null });
  expect(new Set(distribution.values)).toEqual(new Set([0]));
});
