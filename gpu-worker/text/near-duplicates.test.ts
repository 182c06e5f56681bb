import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { duplicateClusters, minHash, minHashTokens, similarity } from './near-duplicates.ts';

const words = (seed: number, count: number): string[] => {
  const rng = rngFor('words', seed);
  return Array.from({ length: count }, () => `w${rng.int(5000)}`);
};

/** The text with every `nth` word replaced. */
const edited = (text: string[], nth: number, seed: number): string[] => text.map((word, i) => (i % nth === nth - 1 ? `x${seed}-${i}` : word));

/** Jaccard similarity of the sets of five words in a row, counted. */
const jaccard = (a: string[], b: string[]): number => {
  const [x, y] = [a, b].map((text) => new Set(text.slice(4).map((_, i) => text.slice(i, i + 5).join(' ')))) as [Set<string>, Set<string>];
  const shared = [...x].filter((shingle) => y.has(shingle)).length;
  return shared / (x.size + y.size - shared);
};

describe('minHash', () => {
  it('estimates the similarity that counting gives', () => {
    for (const nth of [7, 15, 40, 100, 400]) {
      const errors = Array.from({ length: 20 }, (_, seed) => {
        const text = words(seed, 2000);
        const other = edited(text, nth, seed);
        return (
          similarity(minHash(text.join(' ')), minHash(other.join(' '))) -
          jaccard(
            text,
            other.map((word) => word.replace('-', '')),
          )
        );
      });
      const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
      expect(Math.abs(mean)).toBeLessThan(0.04);
    }
  });

  it('looks at words, not at case, punctuation and spaces', () => {
    expect(minHash('To the Senate,  and House!')).toEqual(minHash('to the senate and house'));
    expect(minHash('')).toEqual(minHash(' … '));
  });

  it('takes each letter for a word where none are told apart by spaces', () => {
    const rng = rngFor('letters');
    const text = Array.from({ length: 600 }, () => String.fromCodePoint(0x4e00 + rng.int(2000)));
    const other = text.map((letter, i) => (i % 60 === 59 ? '一' : letter));
    const [a, b] = [minHash(text.join('')), minHash(other.join(''))];
    expect(Math.abs(similarity(a, b) - jaccard(text, other))).toBeLessThan(0.15);
    expect([...duplicateClusters([a, b, minHash([...text].reverse().join(''))])]).toEqual([0, 0, 2]);
    // A word beside such letters is still one.
    expect(minHash('第2章 weights 重さ')).toEqual(minHash('第 2 章 Weights 重 さ'));
  });

  it('estimates the similarity of rows of tokens', () => {
    for (const nth of [7, 15, 40]) {
      const errors = Array.from({ length: 20 }, (_, seed) => {
        const rng = rngFor('tokens', seed);
        const row = Array.from({ length: 1000 }, () => rng.int(5000));
        const other = row.map((id, i) => (i % nth === nth - 1 ? 9000 + i : id));
        const counted = jaccard(row.map(String), other.map(String));
        return similarity(minHashTokens(Int32Array.from(row)), minHashTokens(Int32Array.from(other))) - counted;
      });
      expect(Math.abs(errors.reduce((sum, error) => sum + error, 0) / errors.length)).toBeLessThan(0.04);
    }
  });
});

describe('duplicateClusters', () => {
  it('joins copies and lightly edited copies by their first, and leaves the rest alone', () => {
    const texts = Array.from({ length: 60 }, (_, seed) => words(seed, 600));
    const all = [...texts, texts[3]!, edited(texts[5]!, 60, 1), edited(texts[5]!, 70, 2), edited(texts[9]!, 8, 3)];
    const clusters = duplicateClusters(all.map((text) => minHash(text.join(' '))));
    const expected = all.map((_, i) => i);
    expected[60] = 3;
    expected[61] = 5;
    expected[62] = 5;
    expect([...clusters]).toEqual(expected);
  });

  it('is quick about a thousand copies', () => {
    const signature = minHash(words(1, 500).join(' '));
    expect(new Set(duplicateClusters(Array.from({ length: 5000 }, () => signature))).size).toBe(1);
  });
});
