import { expect, test } from 'vitest';
import { FUSED_DEPTH, fusedPage } from './fused-page.ts';

test('cuts pages from one order: both lists fused', () => {
  const [words, meaning] = [
    ['a', 'b', 'c'],
    ['c', 'd'],
  ];
  expect(fusedPage(words, meaning, { page: 1, limit: 2 })).toEqual(['c', 'a']);
  expect(fusedPage(words, meaning, { page: 2, limit: 2 })).toEqual(['b', 'd']);
  expect(fusedPage(words, meaning, { page: 3, limit: 2 })).toEqual([]);
});

test('pages give every id once, also past the fused depth and when the words are only read as far as needed', () => {
  const words = Array.from({ length: 2500 }, (_, i) => `w${i}`);
  const meaning = Array.from({ length: 600 }, (_, i) => (i % 3 === 0 ? `w${(i * 37) % 2500}` : `m${i}`));
  const seen: string[] = [];
  for (let page = 1; page <= 40; page++) {
    const read = words.slice(0, Math.max(FUSED_DEPTH, page * 100));
    seen.push(...fusedPage(read, meaning, { page, limit: 100 }));
  }
  const union = new Set([...words, ...meaning]);
  expect(seen.length).toBe(union.size);
  expect(new Set(seen)).toEqual(union);
});
