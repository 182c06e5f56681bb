import fc from 'fast-check';
import { expect, it } from 'vitest';
import { allBut } from './all-but.ts';

it('is what filtering leaves', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 40 }), fc.uniqueArray(fc.nat(39)), (total, drawn) => {
      const without = drawn.filter((number) => number < total).sort((a, b) => a - b);
      const left = Array.from({ length: total }, (_, i) => i).filter((number) => !without.includes(number));
      const found = allBut(total, without);
      expect(Array.from({ length: found.length }, (_, i) => found.at(i))).toEqual(left);
    }),
  );
});
