import { describe, expect, it } from 'vitest';
import { rngFor, sampleIndices } from '#lib/random/rng.ts';
import { SPLIT_SHARES } from '#lib/example/split-shares.ts';
import { dealDocuments } from './deal-documents.ts';

const rng = rngFor('deal');
const documents = Array.from({ length: 2000 }, (_, i) => ({ tokens: 1000 + rng.int(20_000), cluster: `c${i}` }));

describe('dealDocuments', () => {
  it('comes within one document of evidence’s and exam’s shares of what is not sealed', () => {
    const some = documents.slice(0, 60);
    const splits = dealDocuments(some);
    const held = (split: string): number => some.reduce((sum, { tokens }, i) => sum + (splits[i] === split ? tokens : 0), 0);
    const open = held('train') + held('test');
    const { train, test } = SPLIT_SHARES;
    expect(Math.abs(held('train') - (open * train) / (train + test))).toBeLessThanOrEqual(21_000);
  });

  it('seals about the reserve’s share of documents', () => {
    const sealed = dealDocuments(documents).filter((split) => split === 'reserve').length / documents.length;
    // Three standard deviations of a share of 2,000.
    expect(Math.abs(sealed - SPLIT_SHARES.reserve)).toBeLessThan(0.024);
  });

  it('seals the same documents whatever is dealt with them, and in which order', () => {
    const sealed = new Set(dealDocuments(documents).flatMap((split, i) => (split === 'reserve' ? [i] : [])));
    const others = sampleIndices(rngFor('another seed'), documents.length, 500);
    const splits = dealDocuments(others.map((i) => documents[i]!));
    expect(others.filter((_, j) => splits[j] === 'reserve')).toEqual(others.filter((i) => sealed.has(i)));
  });

  it('deals equal texts to one side', () => {
    const splits = dealDocuments(Array.from({ length: 40 }, (_, i) => ({ tokens: 100, cluster: `c${i % 10}` })));
    splits.forEach((split, i) => expect(split).toBe(splits[i % 10]));
  });
});
