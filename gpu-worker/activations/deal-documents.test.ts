import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { SPLIT_SHARES } from '#lib/example/split-shares.ts';
import { dealDocuments, documentOrder } from './deal-documents.ts';

describe('dealDocuments', () => {
  it('comes within one document of each side’s share of the tokens', () => {
    const rng = rngFor('deal');
    const documents = Array.from({ length: 60 }, (_, i) => ({ key: `d${i}`, tokens: 1000 + rng.int(20_000), cluster: `c${i}` }));
    const splits = dealDocuments(documents);
    const total = documents.reduce((sum, { tokens }) => sum + tokens, 0);
    for (const [split, share] of Object.entries(SPLIT_SHARES)) {
      const held = documents.reduce((sum, { tokens }, i) => sum + (splits[i] === split ? tokens : 0), 0);
      expect(Math.abs(held - share * total)).toBeLessThanOrEqual(21_000);
    }
  });

  it('deals equal texts to one side', () => {
    const splits = dealDocuments(Array.from({ length: 40 }, (_, i) => ({ key: `d${i}`, tokens: 100, cluster: `c${i % 10}` })));
    splits.forEach((split, i) => expect(split).toBe(splits[i % 10]));
  });

  it('orders by the seed alone, as a permutation', () => {
    expect(documentOrder(50, 1)).toEqual(documentOrder(50, 1));
    expect(documentOrder(50, 1)).not.toEqual(documentOrder(50, 2));
    expect([...documentOrder(50, 1)].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });
});
