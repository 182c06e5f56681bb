import { expect, test } from 'vitest';
import { reciprocalRank } from './reciprocal-rank.ts';

test('sums the reciprocals of ranks, best first', () => {
  const fused = reciprocalRank([
    ['a', 'b'],
    ['b', 'c'],
  ]);
  expect(fused.map((item) => item.id)).toEqual(['b', 'a', 'c']);
  expect(fused.map((item) => item.score)).toEqual([1 / 62 + 1 / 61, 1 / 61, 1 / 62]);
});

test('an item found twice beats any item found once at the same ranks', () => {
  const fused = reciprocalRank([
    ['x', 'both'],
    ['y', 'both'],
  ]);
  expect(fused[0]!.id).toBe('both');
});

test('equal sums keep the order of first appearance', () => {
  expect(
    reciprocalRank([
      ['a', 'b'],
      ['c', 'd'],
    ]).map((item) => item.id),
  ).toEqual(['a', 'c', 'b', 'd']);
});

test('a repeat inside a list counts once, at its first place', () => {
  expect(reciprocalRank([['a', 'a', 'b']])).toEqual([
    { id: 'a', score: 1 / 61 },
    { id: 'b', score: 1 / 63 },
  ]);
});

test('a smaller k favours the top of the lists', () => {
  const lists = [
    ['top', ...Array.from({ length: 8 }, (_, i) => `l${i}`), 'mid'],
    [...Array.from({ length: 9 }, (_, i) => `m${i}`), 'mid'],
  ];
  expect(reciprocalRank(lists, 1)[0]!.id).toBe('top');
  expect(reciprocalRank(lists, 60)[0]!.id).toBe('mid');
});

test('nothing in, nothing out', () => {
  expect(reciprocalRank([])).toEqual([]);
  expect(reciprocalRank([[], []])).toEqual([]);
});
