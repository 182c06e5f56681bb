import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { SPLIT_SHARES } from '#lib/example/split-shares.ts';
import { dealDocuments } from './deal-documents.ts';

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
});
