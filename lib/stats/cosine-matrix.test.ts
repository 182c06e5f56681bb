import { expect, it } from 'vitest';
import { cosineMatrix } from './cosine-matrix.ts';

it('compares every row with every row', () => {
  const result = cosineMatrix([3, 0, 1, 1, 0, 0], [0, 2, 5, 0], 2);
  [0, 1, Math.SQRT1_2, Math.SQRT1_2, 0, 0].forEach((expected, i) => expect(result[i]).toBeCloseTo(expected, 15));
});
