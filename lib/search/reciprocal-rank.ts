/** Cormack, Clarke and Büttcher (SIGIR 2009) found 60 best on TREC data and the choice uncritical. */
export const RECIPROCAL_RANK_K = 60;

/**
 * Fuse ranked lists by reciprocal rank: an item scores the sum over the lists it is in of 1 / (k + rank), ranks from 1.
 * Only ranks count, so that figures on unlike scales (word weights, cosines) can be joined. Equal sums keep the order
 * of first appearance, list by list. An item that a list repeats counts at its first place. Result: best first.
 *
 * `reciprocalRank([['a', 'b'], ['b', 'c']])` → b (1/62 + 1/61), a (1/61), c (1/62).
 */
export function reciprocalRank<Id>(lists: readonly (readonly Id[])[], k = RECIPROCAL_RANK_K): { id: Id; score: number }[] {
  const scores = new Map<Id, number>();
  for (const list of lists) {
    const seen = new Set<Id>();
    for (const [place, id] of list.entries()) {
      if (seen.has(id)) continue;
      seen.add(id);
      scores.set(id, (scores.get(id) ?? 0) + 1 / (k + place + 1));
    }
  }
  return [...scores].map(([id, score]) => ({ id, score })).sort((a, b) => b.score - a.score);
}
