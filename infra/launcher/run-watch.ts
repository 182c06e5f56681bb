import type { Pool } from 'pg';
import { stageProgress, type StageTally } from '#lib/run/progress.ts';
import { runConfigSchema, runState, type RunState, type StageProgress } from '#lib/run/schema.ts';
import { stageSteps } from '#lib/run/steps.ts';
import type { QueueName } from '#lib/jobs/job.ts';
import { unservedQueue, waitsFor } from '#lib/run/waiting.ts';
import { openRuns } from '#platform/queue/open-runs.ts';

/** How a run stands, for the terminal. */
export interface RunView {
  id: string;
  state: RunState;
  startedAt: Date | null;
  endedAt: Date | null;
  failure: { code: string; message: string; stage: string | null } | null;
  stages: StageProgress[];
  /** Id of the run that this one waits for. */
  waitsFor: string | null;
  /** The queue in which it has stopped because no worker takes tasks of it. */
  unservedQueue: QueueName | null;
  /** Ids of the runs that wait for this one, oldest first. */
  waiting: string[];
}

interface RunRow {
  id: string;
  config: unknown;
  started_at: Date | null;
  finished_at: Date | null;
  cancelled_at: Date | null;
  failed_at: Date | null;
  failure: RunView['failure'];
}

/** The run being worked on, else the newest; null when there never was one. */
export async function currentRun(pool: Pool): Promise<RunView | null> {
  const { rows } = await pool.query<RunRow>(
    `SELECT id, config, started_at, finished_at, cancelled_at, failed_at, failure FROM runs
     ORDER BY num_nonnulls(finished_at, cancelled_at, failed_at), CASE WHEN num_nonnulls(finished_at, cancelled_at, failed_at) = 0 THEN id END, id DESC LIMIT 1`,
  );
  const [run] = rows;
  if (run === undefined) return null;
  const [tallies, open] = await Promise.all([
    pool.query<Omit<StageTally, 'amount' | 'done'> & { amount: string; done: string }>(
      `SELECT stage, unit, count(*)::int AS tasks, count(completed_at)::int AS completed, sum(amount) AS amount,
         sum(CASE WHEN completed_at IS NULL THEN progress ELSE amount END) AS done, min(started_at) AS "startedAt", max(completed_at) AS "completedAt"
       FROM run_tasks WHERE run_id = $1 GROUP BY stage, unit`,
      [run.id],
    ),
    openRuns(pool),
  ]);
  return {
    id: run.id,
    state: runState({ startedAt: run.started_at, finishedAt: run.finished_at, cancelledAt: run.cancelled_at, failedAt: run.failed_at }),
    startedAt: run.started_at,
    endedAt: run.finished_at ?? run.failed_at ?? run.cancelled_at,
    failure: run.failure,
    stages: stageProgress(
      tallies.rows.map((row) => ({ ...row, amount: Number(row.amount), done: Number(row.done) })),
      stageSteps(runConfigSchema.parse(run.config)),
      new Date(),
      { finishedAt: run.finished_at },
    ),
    waitsFor: waitsFor(run.id, open),
    unservedQueue: unservedQueue(run.id, open),
    waiting: open.map(({ id }) => id).filter((id) => waitsFor(id, open) === run.id),
  };
}
