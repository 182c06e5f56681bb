import { expect, it } from 'vitest';
import { difference } from './compare.ts';

it('is relative beyond 1, absolute below, and names the worst place', () => {
  expect(difference(1010, 1000)).toEqual({ worst: 0.01, path: '' });
  expect(difference(0.5, 0.25)).toEqual({ worst: 0.25, path: '' });
  expect(difference({ a: [1, 2], b: { c: 3, more: 1 } }, { a: [1, 2.5], b: { c: 3 } })).toEqual({ worst: 0.2, path: 'a[1]' });
});

it('takes typed arrays for lists', () => {
  expect(difference(Float64Array.of(1, 2), [1, 2]).worst).toBe(0);
});

it.each([
  ['a number that is missing', {}, { a: 1 }],
  ['NaN', { a: NaN }, { a: 1 }],
  ['a number for null', { a: 0 }, { a: null }],
  ['null for a number', { a: null }, { a: 0 }],
  ['nothing for null', {}, { a: null }],
  ['a list of another length', [1, 2], [1]],
  ['a number for a list', 1, [1]],
  ['null for an object', null, { a: 1 }],
])('never agrees with %s', (_, actual, expected) => {
  expect(difference(actual, expected).worst).toBe(Infinity);
});
