import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packableTokens, packRows } from './pack-rows.ts';

const documents = fc.array(fc.integer({ min: 0, max: 1500 }), { minLength: 1, maxLength: 8 }).map((lengths) =>
  // Ids say which document and which place they are from: document · 2,000 + place + 1.
  lengths.map((length, d) => Int32Array.from({ length }, (_, i) => d * 2000 + i + 1)),
);

describe('packRows', () => {
  it('keeps each document’s tokens in order, one document a row, BOS first, nothing but short tails dropped', () => {
    fc.assert(
      fc.property(documents, (docs) => {
        const packed = packRows(docs, 0, Number.POSITIVE_INFINITY);
        const seen = docs.map((): number[] => []);
        for (let row = 0; row < packed.rows; row++) {
          const tokens = packed.tokens.subarray(row * 256, (row + 1) * 256);
          const length = packed.length[row] as number;
          expect(tokens[0]).toBe(0);
          expect(length).toBeGreaterThanOrEqual(33);
          expect(tokens.subarray(length).every((id) => id === 0)).toBe(true);
          const document = packed.document[row] as number;
          seen[document]?.push(...tokens.subarray(1, length));
        }
        docs.forEach((ids, d) => expect(seen[d]).toEqual([...ids.subarray(0, packableTokens(ids.length))]));
      }),
    );
  });

  it('stops with the row that reaches the budget', () => {
    const packed = packRows([new Int32Array(10_000).fill(7)], 0, 1000);
    expect(packed.rows).toBe(4);
  });
});
