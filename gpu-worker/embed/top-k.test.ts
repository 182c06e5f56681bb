import { expect, test } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { TopK } from './top-k.ts';

test('agrees with sorting everything, ties by order of offer', () => {
  const rng = rngFor('top-k');
  for (const n of [0, 1, 5, 400]) {
    for (const k of [1, 3, 50, 500]) {
      const scores = Array.from({ length: n }, () => Math.fround(rng.int(60) / 7));
      const top = new TopK(k);
      scores.forEach((score, item) => top.offer(item, score));
      const expected = scores.map((score, item) => ({ item, score })).sort((a, b) => b.score - a.score || a.item - b.item);
      expect(top.sorted()).toEqual(expected.slice(0, k));
    }
  }
});

test('the threshold is the least score kept, once full', () => {
  const top = new TopK(2);
  expect(top.threshold).toBe(-Infinity);
  top.offer(0, 3);
  top.offer(1, 1);
  expect(top.threshold).toBe(1);
  top.offer(2, 2);
  top.offer(3, NaN);
  expect(top.threshold).toBe(2);
});
