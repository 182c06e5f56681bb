import type { Pool } from 'pg';
import type { RunEventView, RunSummary } from '#lib/run/schema.ts';
import { currentRun, getRun, runEvents } from './queries.ts';

export interface RunListener {
  onProgress(run: RunSummary | null): void;
  onEvent(event: RunEventView): void;
}

interface Watch {
  listener: RunListener;
  /** The last event this one was told of. */
  after: bigint;
  /** What it was last told of the run, so that it hears of changes only. */
  told: string | null;
  /** Not told of anything yet. */
  fresh: boolean;
}

/** One question a second to Postgres for each watched run, whatever the number of people watching. */
export interface RunWatcher {
  /** Hear of one run's progress and of its events after `after`, from now on until the function returned is called. */
  watchRun(runId: string, after: string, listener: RunListener): () => void;
  /** Hear of the progress of whichever run is going on; null when there is none. */
  watchCurrent(listener: Pick<RunListener, 'onProgress'>): () => void;
  close(): void;
}

const POLL_MS = 1000;
/** Events read a tick; a newcomer to a long log catches up over a few ticks. */
const EVENTS_PER_TICK = 500;
const CURRENT = 'current';

export function createRunWatcher(pool: Pool, onError: (error: unknown) => void, pollMs: number = POLL_MS): RunWatcher {
  const topics = new Map<string, Set<Watch>>();
  const busy = new Set<string>();
  let timer: NodeJS.Timeout | null = null;

  const tick = async (topic: string): Promise<void> => {
    // Only those here now: somebody who comes while this tick reads may want older events than it asks for.
    const watches = [...(topics.get(topic) ?? [])];
    if (watches.length === 0 || busy.has(topic)) return;
    busy.add(topic);
    try {
      const run = topic === CURRENT ? await currentRun(pool) : await getRun(pool, topic);
      const text = JSON.stringify(run);
      const from = watches.reduce((least, watch) => (watch.after < least ? watch.after : least), watches[0]!.after);
      const events = topic === CURRENT ? [] : await runEvents(pool, topic, { after: String(from), limit: EVENTS_PER_TICK });
      for (const watch of watches) tell(watch, run, text, events);
    } catch (error) {
      onError(error);
      return;
    } finally {
      busy.delete(topic);
    }
    // Whoever came while this tick was reading would wait a whole period for a first picture.
    if ([...(topics.get(topic) ?? [])].some((watch) => watch.fresh)) await tick(topic);
  };

  const add = (topic: string, after: string, listener: RunListener): (() => void) => {
    const watch: Watch = { listener, after: BigInt(after), told: null, fresh: true };
    const watches = topics.get(topic) ?? new Set();
    topics.set(topic, watches.add(watch));
    timer ??= setInterval(() => {
      for (const watched of topics.keys()) void tick(watched);
    }, pollMs);
    void tick(topic);
    return () => {
      watches.delete(watch);
      if (watches.size === 0 && topics.get(topic) === watches) topics.delete(topic);
      if (topics.size === 0) stopTimer();
    };
  };

  const stopTimer = (): void => {
    if (timer !== null) clearInterval(timer);
    timer = null;
  };

  return {
    watchRun: add,
    watchCurrent: ({ onProgress }) => add(CURRENT, '0', { onProgress, onEvent: () => {} }),
    close() {
      topics.clear();
      stopTimer();
    },
  };
}

function tell(watch: Watch, run: RunSummary | null, text: string, events: readonly RunEventView[]): void {
  watch.fresh = false;
  if (watch.told !== text) {
    watch.told = text;
    watch.listener.onProgress(run);
  }
  for (const event of events) {
    const id = BigInt(event.id);
    if (id <= watch.after) continue;
    watch.after = id;
    watch.listener.onEvent(event);
  }
}
