/** What waiting is decided from, of a run that is not over. */
export interface OpenRun {
  id: string;
  started: boolean;
  /** Seconds since a worker last held one of its tasks, 0 while one does; null when none ever did. */
  idleSeconds: number | null;
}

/** Between two tasks of a run that is worked on lies less. */
const IDLE_SECONDS = 5;

/**
 * The run that is worked on while this one waits, or null when it does not wait for another. Tasks are taken first in,
 * first out: a run that has not been started waits behind any that has, and one that was started still waits while its
 * tasks stand behind another's (its text was read at once, by a worker that had nothing else to do).
 */
export function waitsFor(runId: string, open: readonly OpenRun[]): string | null {
  const own = open.find(({ id }) => id === runId);
  if (own === undefined || !isIdle(own)) return null;
  const before = open.filter((run) => run.id !== runId && (own.started ? !isIdle(run) : run.started));
  return before.sort((a, b) => Number(isIdle(a)) - Number(isIdle(b)) || compareIds(a.id, b.id))[0]?.id ?? null;
}

/** What is said of a run that waits for another. */
export function waitingText(first: string): string {
  return `waiting: run ${first} is worked on first`;
}

const isIdle = ({ started, idleSeconds }: OpenRun): boolean => !started || idleSeconds === null || idleSeconds > IDLE_SECONDS;

const compareIds = (a: string, b: string): number => (BigInt(a) < BigInt(b) ? -1 : 1);
