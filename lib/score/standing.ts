import type { Scorer } from './schema.ts';

/** What decides whether a score is the one to show. */
export interface TakenScore {
  id: string;
  scorer: Scorer;
  value: number | null;
  /** Names the exam's windows and what was asked of them; null where that is not known. */
  examHash: string | null;
  /** Whether it failed for want of answers: the exam was sat, and could be again. */
  unanswered: boolean;
}

/**
 * The scores of one explanation that stand, by id: of each scorer the newest. Only a newest that failed for want of
 * answers says nothing of an older value on the very same exam, which stands then. An exam that fell short, as after a
 * takedown, takes the place of all before it: their windows are gone.
 *
 * @param newestFirst all of the explanation's scores
 */
export function standingScores(newestFirst: readonly TakenScore[]): Set<string> {
  const standing = new Map<Scorer, TakenScore>();
  for (const newest of newestFirst) {
    if (standing.has(newest.scorer)) continue;
    const own = newestFirst.slice(newestFirst.indexOf(newest)).filter(({ scorer }) => scorer === newest.scorer);
    // Those that follow, newest first, as long as each only lacked answers to the same questions.
    const other = own.find((score) => !score.unanswered || score.examHash !== newest.examHash);
    const stands = newest.unanswered && newest.examHash !== null && other?.examHash === newest.examHash && other.value !== null ? other : newest;
    standing.set(newest.scorer, stands);
  }
  return new Set([...standing.values()].map(({ id }) => id));
}
