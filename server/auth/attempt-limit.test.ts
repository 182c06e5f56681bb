import { expect, test } from 'vitest';
import { createAttemptLimit } from './attempt-limit.ts';

test('lets so many through in a window, says how long to wait, and begins again after it', () => {
  const clock = { now: 0 };
  const limit = createAttemptLimit({ most: 2, windowMs: 10_000, now: () => clock.now });
  expect([limit.attempt('a'), limit.attempt('a'), limit.attempt('b')]).toEqual([0, 0, 0]);
  clock.now = 4000;
  expect(limit.attempt('a')).toBe(6);
  expect(limit.attempt('b')).toBe(0);
  clock.now = 9999;
  expect(limit.attempt('a')).toBe(1);
  clock.now = 10_000;
  expect(limit.attempt('a')).toBe(0);
});

test('a right attempt clears the wrong ones before it', () => {
  const limit = createAttemptLimit({ most: 1, windowMs: 1000, now: () => 0 });
  expect(limit.attempt('a')).toBe(0);
  limit.reset('a');
  expect(limit.attempt('a')).toBe(0);
  expect(limit.attempt('a')).toBe(1);
});
