import { expect, test } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { FailureCounts } from './failure-counts.ts';

const HOUR = 3600_000;

test('counts, forgets after a while, and forgets when told', () => {
  const counts = new FailureCounts({ capacity: 10, forgetMs: HOUR });
  for (let i = 0; i < 3; i++) counts.add('a', i);
  expect([counts.of('a', 10).count, counts.of('b', 10).count]).toEqual([3, 0]);
  expect(counts.of('a', 2 + HOUR).count).toBe(0);
  counts.add('b', 0);
  counts.forget('b');
  expect(counts.of('b', 1).count).toBe(0);
});

test('invented keys neither fill the memory nor give a fresh start', () => {
  const counts = new FailureCounts({ capacity: 100, forgetMs: HOUR });
  for (let i = 0; i < 7; i++) counts.add('victim', i);
  for (let key = 0; key < 100_000; key++) counts.add(`invented ${key % 5000}`, 10 + key);
  expect(counts.size).toBe(100);
  expect(counts.of('victim', 200_000).count).toBeGreaterThanOrEqual(7);
});

test('never counts less than there were, whatever the order, and everything is forgotten in time', () => {
  const counts = new FailureCounts({ capacity: 8, forgetMs: HOUR });
  const truth = new Map<string, number>();
  const rng = rngFor('failures');
  for (let now = 0; now < 2000; now++) {
    const key = `k${Math.floor(30 * rng.next() ** 2)}`;
    counts.add(key, now);
    truth.set(key, (truth.get(key) ?? 0) + 1);
    for (const [known, count] of truth) expect(counts.of(known, now).count).toBeGreaterThanOrEqual(count);
  }
  for (const known of truth.keys()) expect(counts.of(known, 2000 + HOUR).count).toBe(0);
});
