import type { ClientBase, PoolClient } from 'pg';
import type PgBoss from 'pg-boss';
import { errorMessage, isAppError } from '#lib/errors/app-error.ts';
import { AFTER_RUN_JOBS, JOBS, type JobName } from '#lib/jobs/registry.ts';
import { overClient } from './boss.ts';
import type { QueueHooks } from './types.ts';

/** Why a run failed, in words for a person; stored in runs.failure. */
export interface RunFailure {
  code: string;
  message: string;
  stage: string;
}

export function describeFailure(job: JobName, error: unknown): RunFailure {
  return { code: isAppError(error) ? error.code : 'internal', message: errorMessage(error), stage: JOBS[job].stage };
}

/** A task has failed for the last time: its run has, too, unless the task outlives it; then it is complete, with what went wrong. */
export async function giveUpTask(
  { boss, hooks }: { boss: PgBoss; hooks: QueueHooks },
  client: PoolClient,
  task: { id: string; runId: bigint; job: JobName },
  failure: RunFailure,
): Promise<void> {
  if (AFTER_RUN_JOBS.includes(task.job)) {
    await hooks.onTaskFailed?.(client, { taskId: BigInt(task.id), runId: task.runId, job: task.job }, failure);
    await client.query('UPDATE run_tasks SET completed_at = now(), result = $2, lease_until = NULL, lease_owner = NULL WHERE id = $1', [
      task.id,
      JSON.stringify({ failure }),
    ]);
  } else if (await failRun(boss, client, task.runId, failure)) {
    await hooks.onFailed?.(client, task.runId, failure);
  }
}

/** Mark a run failed, unless it is over already, and take its other messages off the queues; true when this did it. */
export async function failRun(boss: PgBoss, client: PoolClient, runId: bigint, failure: RunFailure): Promise<boolean> {
  const { rowCount } = await client.query(
    `UPDATE runs SET failed_at = now(), failure = $2 WHERE id = $1 AND finished_at IS NULL AND cancelled_at IS NULL AND failed_at IS NULL`,
    [String(runId), JSON.stringify(failure)],
  );
  if (rowCount !== 1) return false;
  await logRunEvent(client, runId, 'error', failure.stage, 'run_failed', { code: failure.code, message: failure.message });
  await cancelMessages(boss, client, runId);
  return true;
}

/** Mark a run cancelled, unless it is over already, and take its messages off the queues; true when this did it. */
export async function cancelRun(boss: PgBoss, client: PoolClient, runId: bigint): Promise<boolean> {
  const { rowCount } = await client.query(
    'UPDATE runs SET cancelled_at = now() WHERE id = $1 AND finished_at IS NULL AND cancelled_at IS NULL AND failed_at IS NULL',
    [String(runId)],
  );
  if (rowCount !== 1) return false;
  await logRunEvent(client, runId, 'info', null, 'run_cancelled', {});
  await cancelMessages(boss, client, runId);
  return true;
}

async function cancelMessages(boss: PgBoss, client: PoolClient, runId: bigint): Promise<void> {
  const { rows } = await client.query<{ job: JobName; ids: string[] }>(
    'SELECT job, array_agg(boss_job_id::text) AS ids FROM run_tasks WHERE run_id = $1 AND completed_at IS NULL AND NOT job = ANY($2) GROUP BY job',
    [String(runId), AFTER_RUN_JOBS],
  );
  for (const { job, ids } of rows) await boss.cancel(JOBS[job].queue, ids, { db: overClient(client) });
}

/** One line of the run's own log, which the site shows. */
export async function logRunEvent(
  client: ClientBase,
  runId: bigint,
  level: 'info' | 'warn' | 'error',
  stage: string | null,
  event: string,
  data: Record<string, unknown>,
): Promise<void> {
  await client.query('INSERT INTO run_events (run_id, level, stage, event, data) VALUES ($1, $2, $3, $4, $5)', [
    String(runId),
    level,
    stage,
    event,
    JSON.stringify(data),
  ]);
}
