import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LATENT_SORTS } from '#lib/catalogue/schema.ts';
import { decodeCursor, encodeCursor, type LatentCursor } from './cursor.ts';

test('a cursor survives its text, to the last bit of its value', () => {
  const cursors: fc.Arbitrary<LatentCursor> = fc
    .record({
      sort: fc.constantFrom(...LATENT_SORTS),
      order: fc.constantFrom('asc' as const, 'desc' as const),
      value: fc.double({ noNaN: true, noDefaultInfinity: true }),
      index: fc.nat(),
    })
    .map((cursor) => ({ ...cursor, value: cursor.sort === 'index' ? null : cursor.value === 0 ? 0 : cursor.value }));
  fc.assert(
    fc.property(cursors, (cursor) => {
      const text = encodeCursor(cursor);
      expect(text).toMatch(/^[\w-]{1,200}$/);
      expect(decodeCursor(text, cursor.sort, cursor.order)).toEqual(cursor);
    }),
  );
});

test('unscored rows come last and have no value', () => {
  const cursor: LatentCursor = { sort: 'score', order: 'desc', value: null, index: 7 };
  expect(decodeCursor(encodeCursor(cursor), 'score', 'desc')).toEqual(cursor);
});

test.each(['', 'zzz', 'bnVsbA', Buffer.from('["f","asc","1",2]').toString('base64url'), Buffer.from('["f","asc",1,-2]').toString('base64url')])(
  'refuses the damaged cursor %j',
  (text) => {
    expect(() => decodeCursor(text, 'frequency', 'asc')).toThrow('damaged');
  },
);

test('refuses a cursor of another order, and one without the value its order needs', () => {
  const text = encodeCursor({ sort: 'frequency', order: 'asc', value: 0.5, index: 1 });
  expect(() => decodeCursor(text, 'frequency', 'desc')).toThrow('another order');
  expect(() => decodeCursor(text, 'score', 'asc')).toThrow('another order');
  const bare = encodeCursor({ sort: 'frequency', order: 'asc', value: null, index: 1 });
  expect(() => decodeCursor(bare, 'frequency', 'asc')).toThrow('another order');
});
