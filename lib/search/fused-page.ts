import { reciprocalRank } from './reciprocal-rank.ts';

/**
 * How far down the words' list ranks still count when lists are fused: a fixed depth, so that every page is cut from
 * the same order. It is at least as long as the list by meaning, whose every item then outranks all words beyond it.
 */
export const FUSED_DEPTH = 1000;

/**
 * The page of a search by words and by meaning: both lists fused by reciprocal rank, then what the words found beyond
 * FUSED_DEPTH. `byWords`: ids best first, at least the first max(FUSED_DEPTH, page · limit) there are; `byMeaning`:
 * all ids, at most FUSED_DEPTH. Pages are from 1; a page past the end is empty.
 */
export function fusedPage(byWords: readonly string[], byMeaning: readonly string[], { page, limit }: { page: number; limit: number }): string[] {
  const fused = reciprocalRank([byWords.slice(0, FUSED_DEPTH), byMeaning]).map((item) => item.id);
  const near = new Set(byMeaning);
  const order = [...fused, ...byWords.slice(FUSED_DEPTH).filter((id) => !near.has(id))];
  return order.slice((page - 1) * limit, page * limit);
}
