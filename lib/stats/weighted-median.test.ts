import fc from 'fast-check';
import { expect, it } from 'vitest';
import { median } from './quantile.ts';
import { weightedMedian } from './weighted-median.ts';

it('with whole weights is the median of the values repeated', () => {
  const item = fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 0, max: 4 }));
  fc.assert(
    fc.property(fc.array(item, { maxLength: 20 }), (items) => {
      const repeated = items.flatMap(([value, weight]) => new Array<number>(weight).fill(value));
      const actual = weightedMedian(
        items.map((i) => i[0]),
        items.map((i) => i[1]),
      );
      expect(actual?.median ?? null).toBe(median(repeated));
    }),
  );
});
