import type { Split } from '#lib/example/schema.ts';
import { SPLIT_SHARES } from '#lib/example/split-shares.ts';

/** Rows left out between two sides: what ends one is continued at the beginning of the next. */
const GAP_ROWS = 2;
/** Blocks a side where there are rows enough: twice what a latent's minimum of documents takes. */
const BLOCKS_A_SIDE = 10;
/** Fewer rows than this would leave a side without any. */
const LEAST_ROWS = 16;

export interface Block {
  split: Split;
  /** Rows [from, to) of the document. */
  from: number;
  to: number;
}

/**
 * A corpus of one document cannot be dealt by document: its rows become one contiguous stretch a side, in the order
 * train, test, reserve, with a gap that belongs to none between them. A stretch is cut into up to ten blocks of
 * consecutive rows, which then count as documents, so that minima and intervals take what stands together as one thing.
 * Null when there are too few rows to be cut.
 */
export function cutBlocks(rows: number): Block[] | null {
  if (rows < LEAST_ROWS) return null;
  const sides = Object.entries(SPLIT_SHARES) as [Split, number][];
  const usable = rows - GAP_ROWS * (sides.length - 1);
  const blocks: Block[] = [];
  let share = 0;
  for (const [i, [split, own]] of sides.entries()) {
    const begin = Math.round(share * usable) + GAP_ROWS * i;
    share += own;
    const end = Math.round(share * usable) + GAP_ROWS * i;
    const count = Math.min(BLOCKS_A_SIDE, end - begin);
    const edge = (block: number): number => begin + Math.floor(((end - begin) * block) / count);
    for (let block = 0; block < count; block++) blocks.push({ split, from: edge(block), to: edge(block + 1) });
  }
  return blocks;
}
