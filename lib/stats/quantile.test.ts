import { describe, expect, it } from 'vitest';
import { median, medianIqr, quantileEdges, quantileSorted, quantiles } from './quantile.ts';

describe('quantiles', () => {
  it('interpolates between order statistics and cuts q to [0, 1]', () => {
    expect(quantileSorted([10, 20, 40], 0.25)).toBe(15);
    expect(quantileSorted([10, 20, 40], 7)).toBe(40);
    expect(quantileSorted([], 0.5)).toBeNull();
  });

  it('keeps an order statistic beside an infinite one', () => {
    expect(quantiles([-Infinity, 3, Infinity], [0, 0.5, 1])).toEqual([-Infinity, 3, Infinity]);
  });

  it('does not change its input', () => {
    const values = [3, 1, 2];
    expect(median(values)).toBe(2);
    expect(values).toEqual([3, 1, 2]);
  });

  it('gives median and quartiles, and null for nothing', () => {
    expect(medianIqr([1, 2, 3, 4, 5])).toEqual({ median: 3, q1: 2, q3: 4 });
    expect(medianIqr([])).toBeNull();
  });

  it('cuts values into equally full parts', () => {
    const values = Array.from({ length: 101 }, (_, i) => 100 - i);
    expect([...quantileEdges(values, 4)!]).toEqual([0, 25, 50, 75, 100]);
    expect(quantileEdges([], 4)).toBeNull();
  });
});
