import { expect, test } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { FailureCounts } from './failure-counts.ts';

const HOUR = 3600_000;

test('counts, forgets after a while, and forgets when told', () => {
  const counts = new FailureCounts({ capacity: 10, forgetMs: HOUR });
  for (let i = 0; i < 3; i++) counts.add('a', i);
  expect([counts.atMost('a', 10), counts.atMost('b', 10)]).toEqual([3, 0]);
  expect(counts.atLeast('a', 10)).toEqual({ count: 3, last: 2 });
  expect(counts.atMost('a', 2 + HOUR)).toBe(0);
  counts.add('b', 0);
  counts.forget('b');
  expect(counts.atMost('b', 1)).toBe(0);
});

test('invented keys neither fill the memory nor give a fresh start, and put nothing certain on a key never seen', () => {
  const counts = new FailureCounts({ capacity: 100, forgetMs: HOUR });
  for (let i = 0; i < 7; i++) counts.add('victim', i);
  for (let key = 0; key < 100_000; key++) counts.add(`invented ${key % 5000}`, 10 + key);
  expect(counts.size).toBe(100);
  expect(counts.atMost('victim', 200_000)).toBeGreaterThanOrEqual(7);
  expect(counts.atLeast('untouched', 200_000).count).toBe(0);
  counts.add('untouched', 200_000);
  expect(counts.atLeast('untouched', 200_000)).toEqual({ count: 1, last: 200_000 });
});

test('the truth lies between the two answers, whatever the order, and everything is forgotten in time', () => {
  const counts = new FailureCounts({ capacity: 8, forgetMs: HOUR });
  const truth = new Map<string, number>();
  const rng = rngFor('failures');
  for (let now = 0; now < 2000; now++) {
    const key = `k${Math.floor(30 * rng.next() ** 2)}`;
    counts.add(key, now);
    // One in four was no failure after all.
    if (rng.next() < 0.25) counts.takeBack(key);
    else truth.set(key, (truth.get(key) ?? 0) + 1);
    const wrong = [...truth].filter(([known, count]) => counts.atMost(known, now) < count || counts.atLeast(known, now).count > count);
    expect(wrong).toEqual([]);
  }
  for (const known of truth.keys()) expect(counts.atMost(known, 2000 + HOUR)).toBe(0);
});

test('what is taken back leaves the count and its age as they were', () => {
  const counts = new FailureCounts({ capacity: 10, forgetMs: HOUR });
  counts.add('a', 0);
  counts.add('a', HOUR / 2);
  counts.takeBack('a');
  expect(counts.atLeast('a', HOUR / 2)).toEqual({ count: 1, last: 0 });
  expect(counts.atMost('a', HOUR)).toBe(0);
  counts.add('b', 0);
  counts.takeBack('b');
  counts.takeBack('b');
  expect([counts.atMost('b', 1), counts.size]).toEqual([0, 1]);
});
