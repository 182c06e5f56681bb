import fc from 'fast-check';
import { expect, it } from 'vitest';
import { assignment } from './assignment.ts';

/** Best total over every way to give each row of the shorter side its own column. */
function bruteForce(weight: number[], rows: number, columns: number): number {
  if (rows > columns) {
    const turned = Array.from({ length: rows * columns }, (_, k) => weight[(k % rows) * columns + Math.floor(k / rows)]!);
    return bruteForce(turned, columns, rows);
  }
  const best = (row: number, used: number): number => {
    if (row === rows) return 0;
    let top = -Infinity;
    for (let j = 0; j < columns; j++) if (!(used & (1 << j))) top = Math.max(top, weight[row * columns + j]! + best(row + 1, used | (1 << j)));
    return top;
  };
  return best(0, 0);
}

it('finds the best total of small matrices, ties and negatives included', () => {
  const matrix = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })).chain(([rows, columns]) =>
    fc.record({
      rows: fc.constant(rows),
      columns: fc.constant(columns),
      weight: fc.array(fc.integer({ min: -5, max: 5 }), { minLength: rows * columns, maxLength: rows * columns }),
    }),
  );
  fc.assert(
    fc.property(matrix, ({ rows, columns, weight }) => {
      const result = assignment(weight, rows, columns);
      expect(result.total).toBe(bruteForce(weight, rows, columns));
      expect(new Set(result.pairs.map((p) => p[0])).size).toBe(Math.min(rows, columns));
      expect(new Set(result.pairs.map((p) => p[1])).size).toBe(Math.min(rows, columns));
    }),
  );
});

it('matches nothing to nothing and refuses what is too large', () => {
  expect(assignment([], 0, 3)).toEqual({ pairs: [], total: 0, mean: null });
  expect(() => assignment([1, 2, 3], 2, 2)).toThrow(/2 × 2/);
  expect(() => assignment(new Float32Array(4097 * 4097), 4097, 4097)).toThrow(/at most 4096/);
});
