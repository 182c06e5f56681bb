import { setMaxListeners } from 'node:events';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Pool, PoolClient } from 'pg';
import type PgBoss from 'pg-boss';
import type { QueueName } from '#lib/jobs/job.ts';
import { transaction } from '#platform/database/transaction.ts';
import type { Log } from '#platform/log/log.ts';
import { createBoss, installBoss, overClient } from './boss.ts';
import type { Delivery } from './deliveries.ts';
import { enqueueTasks } from './enqueue.ts';
import { releaseOwnLeases, startReaper } from './reaper.ts';
import { cancelRun } from './run-end.ts';
import type { NewTask, QueueHooks, StuckTask, TaskHandlers } from './types.ts';
import { workOn, type WorkerParts } from './worker.ts';

/** How long a free worker waits before it asks again. What its own process queues wakes it at once. */
const POLL_MS = 500;
/** How long shutting down waits for handlers to notice; what they hold afterwards is handed on when its lease runs out. */
const STOP_SECONDS = 15;
/** How long a handler that ran out of time has to heed its signal: more than the longest step between two looks at it. */
const GRACE_MS = 30_000;

export interface TaskQueue {
  /** Create what the queue needs in the database; `enqueue`, `cancelRun` and `work` do it themselves when needed. */
  start(): Promise<void>;
  /** Write tasks and their messages in the caller's transaction; those that exist already are left alone. */
  enqueue(client: PoolClient, tasks: NewTask[]): Promise<void>;
  /** Work on one queue, at most `concurrency` tasks at a time, until `stop`. */
  work(queue: QueueName, options: { concurrency: number }, handlers: TaskHandlers, hooks: QueueHooks): Promise<void>;
  /** Cancel a run: nothing of it commits from this moment on. False when it was over already. */
  cancelRun(runId: bigint): Promise<boolean>;
  /** Abort the handlers, wait for them, put their tasks back. */
  stop(): Promise<void>;
}

export interface TaskQueueOptions {
  pool: Pool;
  log: Log;
  /** Stable over restarts and used by one process at a time; a process that starts under it takes over what its predecessor left. */
  workerId?: string;
  /**
   * Called when a handler ran out of time and then out of its grace: its attempt is counted as failed, but what it is
   * stuck in, such as a native call, ends only with the process. Whoever works on queues should end it, with an error.
   */
  onStuck?: (task: StuckTask) => void;
  /** The grace, in milliseconds. */
  graceMs?: number;
}

/** The run's tasks, queued in pg-boss on the same database: written with the rows that cause them, worked on under a lease. */
export function createTaskQueue({ pool, log, workerId = hostname(), onStuck = () => undefined, graceMs = GRACE_MS }: TaskQueueOptions): TaskQueue {
  const owner = `${workerId}/${randomUUID()}`;
  const shutdown = new AbortController();
  // Each task under way listens; Node takes more than ten for a leak.
  setMaxListeners(0, shutdown.signal);
  const active = new Set<string>();
  const loops: Promise<void>[] = [];
  const wakers = new Set<() => void>();
  let wakings = 0;
  const wake = () => {
    wakings++;
    for (const waker of wakers) waker();
  };
  let boss: Promise<PgBoss> | null = null;
  let stopReaper: (() => Promise<void>) | null = null;

  async function connect(): Promise<PgBoss> {
    const made = createBoss(pool, false);
    made.on('error', (error) => log.error({ event: 'queue_error', error }));
    await installBoss(made);
    return made;
  }
  // A first attempt that failed, with the database down, must not be remembered for ever.
  const connected = () =>
    (boss ??= connect().catch((error: unknown) => {
      boss = null;
      throw error;
    }));

  async function loop(queue: QueueName, concurrency: number, parts: WorkerParts): Promise<void> {
    const active = new Set<Promise<void>>();
    let away = false;
    while (!shutdown.signal.aborted) {
      const seen = wakings;
      const free = concurrency - active.size;
      let deliveries: Delivery[] = [];
      if (free > 0) {
        try {
          deliveries = await fetchDeliveries(pool, parts.boss, queue, free);
          if (away) log.info({ event: 'queue_back', queue });
          away = false;
        } catch (error) {
          if (!away) log.error({ event: 'queue_away', queue, error });
          away = true;
        }
      }
      for (const delivery of deliveries) {
        const work = workOn(parts, delivery)
          .catch((error: unknown) => log.error({ event: 'delivery_failed', queue, taskId: delivery.taskId, error }))
          .finally(() => {
            active.delete(work);
            wake();
          });
        active.add(work);
      }
      // A waking while the queue was being asked may have brought what the answer did not have yet.
      if (seen === wakings && (deliveries.length === 0 || active.size >= concurrency)) await idle(wakers, POLL_MS);
    }
    await Promise.race([Promise.all(active), new Promise((resolve) => setTimeout(resolve, STOP_SECONDS * 1000).unref())]);
  }

  return {
    async start() {
      await connected();
    },
    async enqueue(client, tasks) {
      await enqueueTasks(await connected(), client, tasks);
    },
    async work(queue, { concurrency }, handlers, hooks) {
      const parts = { pool, boss: await connected(), log, owner, handlers, hooks, active, shutdown: shutdown.signal, graceMs, onStuck };
      if (stopReaper === null) {
        const count = await releaseOwnLeases(pool, workerId);
        if (count > 0) log.info({ event: 'leases_released', workerId, count });
        stopReaper = await startReaper(parts, wake);
      }
      loops.push(loop(queue, concurrency, parts));
    },
    async cancelRun(runId) {
      const live = await connected();
      return transaction(pool, (client) => cancelRun(live, client, runId));
    },
    async stop() {
      shutdown.abort();
      wake();
      await stopReaper?.();
      await Promise.all(loops);
      if (boss) await (await boss).stop({ graceful: false });
    },
  };
}

interface Message {
  id: string;
  data: { taskId: string };
  retryCount: number;
  expireInSeconds: string;
}

async function fetchDeliveries(pool: Pool, boss: PgBoss, queue: QueueName, count: number): Promise<Delivery[]> {
  // On a connection of ours, because pg-boss's fetch takes every error for “no message”.
  let failure: Error | undefined;
  const client = await pool.connect();
  try {
    const over = overClient(client);
    const db: PgBoss.Db = {
      executeSql: (text, values) =>
        over.executeSql(text, values).catch((error: unknown) => {
          failure = error instanceof Error ? error : new Error(String(error));
          throw failure;
        }),
    };
    const messages = (await boss.fetch<{ taskId: string }>(queue, { batchSize: count, includeMetadata: true, db })) as unknown as Message[];
    if (failure !== undefined) throw failure;
    return messages.map(({ id, data, retryCount, expireInSeconds }) => ({
      queue,
      id,
      taskId: data.taskId,
      attempt: retryCount,
      expireSeconds: Number(expireInSeconds),
    }));
  } finally {
    client.release(failure);
  }
}

/** Resolves after that time, or when a waker is called. */
function idle(wakers: Set<() => void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      wakers.delete(end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    wakers.add(end);
  });
}
