import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { duplicateClusters, minHash, similarity } from './near-duplicates.ts';

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
