import type { ClientBase, Pool } from 'pg';
import { AppError } from '#lib/errors/app-error.ts';
import { LEASE_SECONDS } from '#lib/jobs/job.ts';
import { AFTER_RUN_JOBS, isJobName, type JobName } from '#lib/jobs/registry.ts';

/** A task in the hands of this process. */
export interface TakenTask {
  id: string;
  runId: bigint;
  job: JobName;
  payload: unknown;
  amount: number;
  fence: number;
}

/** What a worker finds when it tries to take a task. */
export type Taking =
  | { kind: 'taken'; task: TakenTask; firstOfRun: boolean }
  /** Somebody's lease runs for that many seconds more. */
  | { kind: 'leased'; seconds: number }
  /** Complete, or its run is over or gone: there is nothing to do. */
  | { kind: 'over' };

const RUN_OPEN = 'r.finished_at IS NULL AND r.cancelled_at IS NULL AND r.failed_at IS NULL';
/** Whether a task `t` of a run `r` may be worked on: while the run is open, or if it outlives it. */
export const WORKABLE = `((${RUN_OPEN}) OR t.job IN (${AFTER_RUN_JOBS.map((job) => `'${job}'`).join(', ')}))`;

/** Take a task if nobody holds it: raise its fence and set its lease in one statement, so that of two takers one wins. */
export async function takeTask(pool: Pool, taskId: string, owner: string): Promise<Taking> {
  const { rows } = await pool.query(
    `UPDATE run_tasks t
     SET fence = t.fence + 1, progress = 0, lease_until = now() + $3 * interval '1 s', lease_owner = $2, started_at = coalesce(t.started_at, now())
     FROM runs r
     WHERE t.id = $1 AND r.id = t.run_id AND ${WORKABLE} AND t.completed_at IS NULL AND (t.lease_until IS NULL OR t.lease_until < now())
     RETURNING t.id, t.run_id, t.job, t.payload, t.amount, t.fence, r.started_at IS NULL AS first`,
    [taskId, owner, LEASE_SECONDS],
  );
  const [row] = rows;
  if (row) {
    if (!isJobName(row.job)) throw new AppError('internal', `The queue holds a task of the unknown job ${row.job}: it was queued by another version.`);
    const task = { id: row.id, runId: BigInt(row.run_id), job: row.job, payload: row.payload, amount: row.amount, fence: row.fence };
    return { kind: 'taken', task, firstOfRun: row.first && !AFTER_RUN_JOBS.includes(task.job) };
  }
  const held = await pool.query(
    `SELECT extract(epoch FROM t.lease_until - now())::float8 AS seconds
     FROM run_tasks t JOIN runs r ON r.id = t.run_id
     WHERE t.id = $1 AND ${WORKABLE} AND t.completed_at IS NULL`,
    [taskId],
  );
  return held.rows[0] ? { kind: 'leased', seconds: Math.max(1, held.rows[0].seconds) } : { kind: 'over' };
}

/** Prolong the lease and write the progress; false when the task is not ours any more or its run is over. */
export async function renewLease(pool: Pool, task: TakenTask, progress: number): Promise<boolean> {
  const { rowCount } = await pool.query(
    `UPDATE run_tasks t SET lease_until = now() + $3 * interval '1 s', progress = $4
     FROM runs r WHERE t.id = $1 AND t.fence = $2 AND t.completed_at IS NULL AND r.id = t.run_id AND ${WORKABLE}`,
    [task.id, task.fence, LEASE_SECONDS, progress],
  );
  return rowCount === 1;
}

/** Give the task back. False, and nothing is done, when it is no longer ours: then its message is another's business too. */
export async function releaseLease(client: ClientBase, task: TakenTask): Promise<boolean> {
  const { rowCount } = await client.query('UPDATE run_tasks SET lease_until = NULL, lease_owner = NULL WHERE id = $1 AND fence = $2 AND completed_at IS NULL', [
    task.id,
    task.fence,
  ]);
  return rowCount === 1;
}

/** Lock the task's row for the rest of the transaction. Throws AppError `lease_lost` unless it is ours, open, and its run is or need not be. */
export async function lockTask(client: ClientBase, task: TakenTask): Promise<void> {
  const { rowCount } = await client.query(
    `SELECT 1 FROM run_tasks t JOIN runs r ON r.id = t.run_id
     WHERE t.id = $1 AND t.fence = $2 AND t.completed_at IS NULL AND ${WORKABLE} FOR UPDATE OF t`,
    [task.id, task.fence],
  );
  if (rowCount !== 1) throw leaseLost();
}

/** Lock the run's row, so that the last two tasks of a stage do not both move it on, or neither. Throws `lease_lost` when it is over. */
export async function lockRun(client: ClientBase, runId: bigint): Promise<void> {
  // NO KEY: rows that only refer to the run, such as its events, may still be written by others.
  const { rowCount } = await client.query(`SELECT 1 FROM runs r WHERE r.id = $1 AND ${RUN_OPEN} FOR NO KEY UPDATE`, [String(runId)]);
  if (rowCount !== 1) throw leaseLost();
}

export async function markComplete(client: ClientBase, task: TakenTask, result: Record<string, unknown>): Promise<void> {
  await client.query(`UPDATE run_tasks SET completed_at = now(), result = $2, progress = amount, lease_until = NULL, lease_owner = NULL WHERE id = $1`, [
    task.id,
    JSON.stringify(result),
  ]);
}

export function leaseLost(): AppError {
  return new AppError('lease_lost', 'This task was given to another worker, or its run is over; what was done here is dropped.', { retryable: true });
}
