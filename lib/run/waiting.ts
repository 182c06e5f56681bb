import type { QueueName } from '#lib/jobs/job.ts';

/** What waiting is decided from, of a run that is not over. */
export interface OpenRun {
  id: string;
  started: boolean;
  /** Queues in which a worker holds a task of it, or did a moment ago: between two tasks lies less. */
  working: readonly QueueName[];
  /** Queues in which tasks of it stand that nobody holds. */
  standing: readonly QueueName[];
  /** Those of them whose tasks nobody ever took: they wait for a worker and for nothing else, as one that is tried again does. */
  untaken: readonly QueueName[];
}

/**
 * The run that a worker is busy with in a queue where this one's tasks stand, or null: then it does not wait, or not for
 * another run. Tasks are taken first in, first out, so a run that was begun still waits while its tasks stand behind
 * another's (its text was read at once, by a worker that had nothing else to do).
 */
export function waitsFor(runId: string, open: readonly OpenRun[]): string | null {
  const own = open.find(({ id }) => id === runId);
  if (own === undefined || own.working.length > 0) return null;
  const before = open.filter(({ id, working }) => id !== runId && working.some((queue) => own.standing.includes(queue)));
  return before.sort((a, b) => compareIds(a.id, b.id))[0]?.id ?? null;
}

/** The queue in which a run that was begun has stopped because no worker takes the tasks of it; null when none. */
export function unservedQueue(runId: string, open: readonly OpenRun[]): QueueName | null {
  const own = open.find(({ id }) => id === runId);
  if (own === undefined || !own.started || own.working.length > 0) return null;
  return own.untaken.find((queue) => !open.some(({ working }) => working.includes(queue))) ?? null;
}

/** What is said of a run that waits for another. */
export function waitingText(first: string): string {
  return `waiting: run ${first} is worked on first`;
}

/** What is said of a run that waits, for another or for a worker of a queue; null when it does not, or is not begun. */
export function whyWaiting(run: { waitsFor: string | null; unservedQueue: QueueName | null }): string | null {
  if (run.waitsFor !== null) return waitingText(run.waitsFor);
  return run.unservedQueue === null ? null : `waiting: no worker takes tasks of the queue ${run.unservedQueue}`;
}

const compareIds = (a: string, b: string): number => (BigInt(a) < BigInt(b) ? -1 : 1);
