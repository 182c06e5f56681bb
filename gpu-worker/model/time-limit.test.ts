import { expect, test } from 'vitest';
import { OutOfTime, withinTime } from './time-limit.ts';

test('gives the result, and throws what the work throws', () => {
  expect(withinTime(1000, () => [1, 2])).toEqual([1, 2]);
  expect(() =>
    withinTime(1000, () => {
      throw new TypeError('mine');
    }),
  ).toThrow(TypeError);
});

test('a regular expression that would take years is stopped, and the next call works', () => {
  const hostile = new RegExp('^(a+)+$', 'u');
  const began = performance.now();
  expect(() => withinTime(200, () => hostile.test(`${'a'.repeat(60)}b`))).toThrow(OutOfTime);
  expect(performance.now() - began).toBeLessThan(5000);
  expect(withinTime(200, () => hostile.test('aaa'))).toBe(true);
});
