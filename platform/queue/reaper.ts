import type { Pool, PoolClient } from 'pg';
import type PgBoss from 'pg-boss';
import { AppError } from '#lib/errors/app-error.ts';
import { LEASE_SECONDS } from '#lib/jobs/job.ts';
import { JOBS, type JobName } from '#lib/jobs/registry.ts';
import { transaction } from '#platform/database/transaction.ts';
import type { Log } from '#platform/log/log.ts';
import { BOSS_SCHEMA } from './boss.ts';
import { failDelivery } from './deliveries.ts';
import { WORKABLE } from './lease.ts';
import { describeFailure, giveUpTask, logRunEvent } from './run-end.ts';
import type { QueueHooks } from './types.ts';

/** How often each worker looks for tasks whose worker has died. */
const REAP_SECONDS = 2;
/** Passes between pg-boss's own housekeeping: once a minute. */
const MAINTAIN_EVERY = 30;

interface ReaperParts {
  pool: Pool;
  boss: PgBoss;
  log: Log;
  hooks: QueueHooks;
  /** Tasks that this very process is working on. */
  active: ReadonlySet<string>;
}

/**
 * Reap now and then every two seconds, and let pg-boss expire and archive its messages once a minute; `onFound` is
 * called when tasks were handed on. Returns what stops it. An error is logged and the next pass tries again.
 */
export async function startReaper(parts: ReaperParts, onFound: () => void): Promise<() => Promise<void>> {
  let passes = 0;
  let running: Promise<void> = Promise.resolve();
  let busy = false;
  const pass = async () => {
    busy = true;
    try {
      if (passes++ % MAINTAIN_EVERY === 0) await parts.boss.maintain();
      if ((await reap(parts)) > 0) onFound();
    } catch (error) {
      parts.log.warn({ event: 'reaping_failed', error });
    } finally {
      busy = false;
    }
  };
  await pass();
  const timer = setInterval(() => {
    if (!busy) running = pass();
  }, REAP_SECONDS * 1000);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/**
 * Give up the leases that an earlier process of this worker held: when it comes back under the same id, that one is
 * dead, and waiting for its leases to run out would cost 20 s.
 */
export async function releaseOwnLeases(pool: Pool, workerId: string): Promise<number> {
  const { rowCount } = await pool.query(
    `UPDATE run_tasks SET lease_until = now() - interval '1 ms' WHERE split_part(lease_owner, '/', 1) = $1 AND completed_at IS NULL AND lease_until >= now()`,
    [workerId],
  );
  return rowCount ?? 0;
}

/** A message is found by its queue and its id; its table has no index on the id alone. */
const QUEUE_OF_JOB = Object.fromEntries(Object.values(JOBS).map(({ name, queue }) => [name, queue]));

interface Abandoned {
  id: string;
  run_id: string;
  job: JobName;
  boss_job_id: string;
  state: 'active' | 'failed';
  lease_owner: string | null;
}

/**
 * Hand on tasks whose message is out but which nobody works on: their lease has run out, or their worker died between
 * the queue and the lease. Counts as a failed attempt, so that a task that kills its worker ends its run instead of
 * killing for ever. Also ends runs whose message the queue itself gave up on. Returns how many tasks were found.
 */
async function reap(parts: ReaperParts): Promise<number> {
  return transaction(parts.pool, async (client) => {
    const { rows } = await client.query<Abandoned>(
      `SELECT t.id, t.run_id, t.job, t.boss_job_id, j.state, t.lease_owner
       FROM run_tasks t
       JOIN runs r ON r.id = t.run_id
       JOIN ${BOSS_SCHEMA}.job j ON j.name = $2::jsonb ->> t.job AND j.id = t.boss_job_id
       WHERE t.completed_at IS NULL AND ${WORKABLE}
         AND (t.lease_until IS NULL OR t.lease_until < now())
         AND NOT t.id = ANY ($3::bigint[])
         AND (j.state = 'failed' OR (j.state = 'active' AND (t.lease_until IS NOT NULL OR j.started_on < now() - $1 * interval '1 s')))
       FOR UPDATE OF t SKIP LOCKED`,
      // A process that is late renewing, on a machine that is too busy, is not dead: nobody needs to take its work but others.
      [LEASE_SECONDS, JSON.stringify(QUEUE_OF_JOB), [...parts.active]],
    );
    for (const task of rows) await handOn(parts, client, task);
    return rows.length;
  });
}

async function handOn(parts: ReaperParts, client: PoolClient, task: Abandoned): Promise<void> {
  const contract = JOBS[task.job];
  const runId = BigInt(task.run_id);
  await client.query('UPDATE run_tasks SET lease_until = NULL, lease_owner = NULL WHERE id = $1', [task.id]);
  const failure = describeFailure(
    task.job,
    new AppError('internal', `A worker ended in the middle of a ${task.job} task, ${contract.retry.limit + 1} times in a row.`),
  );
  const delivery = { queue: contract.queue, id: task.boss_job_id };
  const last = task.state === 'failed' || (await failDelivery(parts.boss, client, delivery, failure, false));
  parts.log.warn({ event: 'task_handed_on', runId: task.run_id, taskId: task.id, job: task.job, owner: task.lease_owner, last });
  if (!last) {
    await logRunEvent(client, runId, 'warn', contract.stage, 'task_handed_on', { job: task.job });
  } else {
    await giveUpTask(parts, client, { id: task.id, runId, job: task.job }, failure);
  }
}
