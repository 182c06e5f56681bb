import type { ClientBase, PoolClient } from 'pg';
import type PgBoss from 'pg-boss';
import { errorMessage, isAppError } from '#lib/errors/app-error.ts';
import { JOBS, type JobName } from '#lib/jobs/registry.ts';
import { overClient } from './boss.ts';

/** Why a run failed, in words for a person; stored in runs.failure. */
export interface RunFailure {
  code: string;
  message: string;
  stage: string;
}

export function describeFailure(job: JobName, error: unknown): RunFailure {
  return { code: isAppError(error) ? error.code : 'internal', message: errorMessage(error), stage: JOBS[job].stage };
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
    'SELECT job, array_agg(boss_job_id::text) AS ids FROM run_tasks WHERE run_id = $1 AND completed_at IS NULL GROUP BY job',
    [String(runId)],
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
