import type { Split } from '#lib/example/schema.ts';
import { SPLIT_SHARES } from '#lib/example/split-shares.ts';

const SHARES = Object.entries(SPLIT_SHARES) as [Split, number][];

export interface SizedDocument {
  key: string;
  /** Tokens the document would put into rows. */
  tokens: number;
  /** Documents of nearly equal text share a cluster and so a side. */
  cluster: string;
}

/**
 * Deals documents, in the order given, to the side that lacks most of its share of the tokens so far; a document whose
 * cluster was dealt already follows it. Returns one split a document.
 */
export function dealDocuments(documents: readonly SizedDocument[]): Split[] {
  const filled = new Map<Split, number>(SHARES.map(([split]) => [split, 0]));
  const dealt = new Map<string, Split>();
  let total = 0;
  return documents.map((document) => {
    total += document.tokens;
    const split =
      dealt.get(document.cluster) ??
      SHARES.reduce<readonly [Split, number]>(
        (best, [candidate, share]) => {
          const lacking = share * total - (filled.get(candidate) ?? 0);
          return lacking > best[1] ? [candidate, lacking] : best;
        },
        ['train', Number.NEGATIVE_INFINITY],
      )[0];
    dealt.set(document.cluster, split);
    filled.set(split, (filled.get(split) ?? 0) + document.tokens);
    return split;
  });
}
