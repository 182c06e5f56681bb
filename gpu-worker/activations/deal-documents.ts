import type { Split } from '#lib/example/schema.ts';
import { SPLIT_SHARES } from '#lib/example/split-shares.ts';
import { unitHash } from '#lib/random/hash.ts';

/** Sides that are read for evidence and exams; the reserve is dealt beforehand. */
type OpenSide = Exclude<Split, 'reserve'>;

export interface SizedDocument {
  /** Tokens the document would put into rows. */
  tokens: number;
  /** Documents of nearly equal text share a cluster and so a side. Its name is that of one of them. */
  cluster: string;
}

/**
 * Whether a cluster belongs to the sealed reserve: by its name alone, so that no other seed, budget or order of documents
 * shows what an earlier run has sealed. Of near duplicates that holds as long as the one that names the cluster is read.
 */
const isSealed = (cluster: string): boolean => unitHash(`sealed reserve ${cluster}`) < SPLIT_SHARES.reserve;

/**
 * Deals documents: clusters of the reserve by their names, the others, in the order given, to the side that lacks most of
 * its share of the tokens so far; a document whose cluster was dealt already follows it. Returns one split a document.
 */
export function dealDocuments(documents: readonly SizedDocument[]): Split[] {
  const filled = { train: 0, test: 0 };
  const dealt = new Map<string, OpenSide>();
  let total = 0;
  return documents.map(({ tokens, cluster }) => {
    if (isSealed(cluster)) return 'reserve';
    total += tokens;
    const lacking = (side: OpenSide): number => (SPLIT_SHARES[side] / (1 - SPLIT_SHARES.reserve)) * total - filled[side];
    const split = dealt.get(cluster) ?? (lacking('test') > lacking('train') ? 'test' : 'train');
    dealt.set(cluster, split);
    filled[split] += tokens;
    return split;
  });
}
