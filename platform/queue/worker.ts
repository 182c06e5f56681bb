import type { Pool, PoolClient } from 'pg';
import type PgBoss from 'pg-boss';
import { AppError, isAppError } from '#lib/errors/app-error.ts';
import { LEASE_RENEW_SECONDS, LEASE_SECONDS } from '#lib/jobs/job.ts';
import { AFTER_RUN_JOBS, JOBS, type JobName } from '#lib/jobs/registry.ts';
import { transaction } from '#platform/database/transaction.ts';
import { isUnavailable } from '#platform/database/unavailable.ts';
import type { Log } from '#platform/log/log.ts';
import { overClient } from './boss.ts';
import { failDelivery, putBack, type Delivery } from './deliveries.ts';
import { leaseLost, lockRun, lockTask, markComplete, releaseLease, renewLease, takeTask, type TakenTask } from './lease.ts';
import { describeFailure, giveUpTask, logRunEvent } from './run-end.ts';
import type { QueueHooks, StuckTask, TaskContext, TaskHandler, TaskHandlers } from './types.ts';

/** What one delivery is worked on with. */
export interface WorkerParts {
  pool: Pool;
  boss: PgBoss;
  log: Log;
  owner: string;
  handlers: TaskHandlers;
  hooks: QueueHooks;
  /** Tasks in hand, for the reaper to leave alone. */
  active: Set<string>;
  /** Aborted when the process shuts down. */
  shutdown: AbortSignal;
  /** How long a handler that ran out of time has to heed its signal. */
  graceMs: number;
  /** Called when one has not: what it is stuck in cannot be interrupted, so the process had better end. */
  onStuck: (task: StuckTask) => void;
}

const PROGRESS_MS = 1000;
/** A commit is refused when somebody else has the task by then; until it is clear that it will be, work is not thrown away. */
const UNREACHABLE_SECONDS = 3 * LEASE_SECONDS;

/** Why a task's signal was aborted; `signal.reason` is one of these. */
const SHUTDOWN = new AppError('cancelled', 'The worker is shutting down; another one goes on with the task.', { retryable: true });

/** Take the task of a delivery, run its handler under a lease, and settle the message. Throws only when the database does not answer. */
export async function workOn(parts: WorkerParts, delivery: Delivery): Promise<void> {
  const { pool, boss, log } = parts;
  const taking = await takeTask(pool, delivery.taskId, parts.owner);
  if (taking.kind === 'leased') {
    await transaction(pool, (client) => putBack(client, delivery, taking.seconds));
    return;
  }
  if (taking.kind === 'over') {
    await transaction(pool, (client) => boss.complete(delivery.queue, delivery.id, {}, { db: overClient(client) }));
    return;
  }
  const { task } = taking;
  const fields = { runId: String(task.runId), taskId: task.id, job: task.job, fence: task.fence };
  if (taking.firstOfRun) await markStarted(pool, task);
  log.debug({ event: 'task_taken', ...fields });
  const started = performance.now();
  parts.active.add(task.id);
  const { error, stuck } = await runHandler(parts, delivery, task).finally(() => parts.active.delete(task.id));
  const ms = Math.round(performance.now() - started);
  try {
    await settle(parts, delivery, task, error, { ...fields, ms });
  } finally {
    if (stuck) {
      log.fatal({ event: 'task_stuck', ...fields, ms });
      parts.onStuck({ runId: task.runId, taskId: BigInt(task.id), job: task.job });
    }
  }
}

/** Say what came of a delivery, and leave its message as that asks for. */
async function settle(parts: WorkerParts, delivery: Delivery, task: TakenTask, error: unknown, fields: Record<string, unknown>): Promise<void> {
  const { pool, log } = parts;
  if (error === null) {
    log.info({ event: 'task_done', ...fields });
  } else if (parts.shutdown.aborted) {
    await transaction(pool, async (client) => {
      if (await releaseLease(client, task)) await putBack(client, delivery, 0);
    });
    log.info({ event: 'task_put_back', ...fields });
  } else if (isAppError(error) && error.code === 'lease_lost') {
    log.warn({ event: 'task_lost', ...fields });
  } else {
    log.error({ event: 'task_failed', ...fields, attempt: delivery.attempt + 1, error });
    // A database that is away cannot be told; the lease runs out, and the reaper hands the task on.
    if (isUnavailable(error)) return;
    await settleFailure(parts, delivery, task, error);
  }
}

async function markStarted(pool: Pool, task: TakenTask): Promise<void> {
  await transaction(pool, async (client) => {
    const { rowCount } = await client.query('UPDATE runs SET started_at = now() WHERE id = $1 AND started_at IS NULL', [String(task.runId)]);
    if (rowCount !== 1) return;
    await logRunEvent(client, task.runId, 'info', null, 'run_started', {});
    await logRunEvent(client, task.runId, 'info', JOBS[task.job].stage, 'stage_started', {});
  });
}

async function settleFailure(parts: WorkerParts, delivery: Delivery, task: TakenTask, error: unknown): Promise<void> {
  const failure = describeFailure(task.job, error);
  await transaction(parts.pool, async (client) => {
    if (!(await releaseLease(client, task))) return;
    const last = await failDelivery(parts.boss, client, delivery, failure, isAppError(error) && !error.retryable);
    if (!last) {
      const data = { job: task.job, attempt: delivery.attempt + 1, code: failure.code, message: failure.message };
      await logRunEvent(client, task.runId, 'warn', failure.stage, 'task_failed', data);
    } else {
      await giveUpTask(parts, client, task, failure);
    }
  });
}

interface Ending {
  /** Null when the handler committed, else what went wrong. */
  error: unknown;
  /** The handler has neither committed nor returned, and is not waited for any longer. */
  stuck: boolean;
}

async function runHandler(parts: WorkerParts, delivery: Delivery, task: TakenTask): Promise<Ending> {
  const abort = new AbortController();
  const onShutdown = () => abort.abort(SHUTDOWN);
  parts.shutdown.addEventListener('abort', onShutdown);
  if (parts.shutdown.aborted) onShutdown();
  let done = 0;
  let written = 0;
  let renewed = Date.now();
  let renewing = false;
  const renew = async () => {
    // Progress shows within a second; an unchanged one only keeps the lease.
    if (renewing || (done === written && Date.now() - renewed < LEASE_RENEW_SECONDS * 1000)) return;
    renewing = true;
    written = done;
    try {
      if (await renewLease(parts.pool, task, done)) renewed = Date.now();
      else if (!committed) abort.abort(leaseLost());
    } catch (error) {
      parts.log.warn({ event: 'lease_renewal_failed', taskId: task.id, error });
      if (Date.now() - renewed > UNREACHABLE_SECONDS * 1000) abort.abort(leaseLost());
    } finally {
      renewing = false;
    }
  };
  let committed = false;
  const renewal = setInterval(() => void renew(), PROGRESS_MS);
  let givenUp = false;
  let grace: NodeJS.Timeout | undefined;
  let giveUp: (ending: Ending) => void = () => undefined;
  const stuck = new Promise<Ending>((resolve) => (giveUp = resolve));
  // A handler that hangs while its lease is renewed would hold the task for ever. During the grace it still is renewed,
  // so that one attempt is not counted twice, here and by a reaper.
  const expiry = setTimeout(() => {
    abort.abort(new AppError('internal', `A ${task.job} task took longer than the ${delivery.expireSeconds} s it may.`, { retryable: true }));
    grace = setTimeout(() => {
      givenUp = true;
      // A task that is complete is not stuck, whatever its handler still does; only its slot is not kept any longer.
      giveUp(committed ? { error: null, stuck: false } : { error: abort.signal.reason, stuck: true });
    }, parts.graceMs);
  }, delivery.expireSeconds * 1000);
  const context: TaskContext = {
    runId: task.runId,
    taskId: BigInt(task.id),
    fence: task.fence,
    signal: abort.signal,
    progress(amount) {
      done = Math.max(0, Math.min(task.amount, Math.round(amount)));
    },
    async commit(write) {
      if (committed) throw new AppError('internal', `The handler of ${task.job} committed twice.`);
      // Its attempt has been counted as failed; nobody has taken the task yet, so the fence alone would let it through.
      if (givenUp) throw leaseLost();
      await commitTask(parts, delivery, task, write);
      committed = true;
      clearInterval(renewal);
    },
  };
  const handled = async (): Promise<Ending> => {
    try {
      const payload = JOBS[task.job].payload.safeParse(task.payload);
      if (!payload.success)
        throw new AppError('internal', `A ${task.job} task was queued by another version: ${payload.error.issues[0]?.message}.`, { cause: payload.error });
      // One handler per name, each with its own payload type: their common call is not a type TypeScript can write down.
      const handler = parts.handlers[task.job] as TaskHandler<JobName>;
      await handler(payload.data, context);
      if (!committed) throw new AppError('internal', `The handler of ${task.job} ended without committing.`);
      return { error: null, stuck: false };
    } catch (error) {
      // Whatever a handler throws once it is told to stop, the reason is why it was told.
      return { error: committed ? null : abort.signal.aborted ? abort.signal.reason : error, stuck: false };
    }
  };
  try {
    return await Promise.race([handled(), stuck]);
  } finally {
    clearInterval(renewal);
    clearTimeout(expiry);
    clearTimeout(grace);
    parts.shutdown.removeEventListener('abort', onShutdown);
  }
}

/** The one place where a task's results are written: everything below happens together, once, or not at all. */
async function commitTask(
  parts: WorkerParts,
  delivery: Delivery,
  task: TakenTask,
  write: (client: PoolClient) => Promise<Record<string, unknown>>,
): Promise<void> {
  await transaction(parts.pool, async (client) => {
    await lockTask(client, task);
    const result = await write(client);
    const movesOn = !AFTER_RUN_JOBS.includes(task.job);
    if (movesOn) await lockRun(client, task.runId);
    await markComplete(client, task, result);
    await parts.boss.complete(delivery.queue, delivery.id, {}, { db: overClient(client) });
    if (movesOn) await parts.hooks.advance(client, task.runId, task.job);
  });
}
