import type { Pool } from 'pg';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { AFTER_RUN_JOBS } from '#lib/jobs/registry.ts';
import { stageProgress, type StageTally } from '#lib/run/progress.ts';
import { stageSteps } from '#lib/run/steps.ts';
import { unservedQueue, waitsFor } from '#lib/run/waiting.ts';
import { openRuns } from '#platform/queue/open-runs.ts';
import { type RunEventView, runEventSchema, runConfigSchema, runState, type RunSummary } from '#lib/run/schema.ts';

interface RunRow {
  id: string;
  model: string;
  coder: string;
  text: string;
  protocol: string;
  config: unknown;
  results: unknown;
  failure: unknown;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
  cancelled_at: Date | null;
  failed_at: Date | null;
}

const RUNS = `select r.id, m.slug as model, c.slug as coder, t.slug as text, r.protocol, r.config, r.results, r.failure,
    r.created_at, r.started_at, r.finished_at, r.cancelled_at, r.failed_at
  from runs r join models m on m.id = r.model_id join sparse_coders c on c.id = r.coder_id join text_sources t on t.id = r.text_source_id`;

const failureSchema = z.object({ code: z.string(), message: z.string(), stage: z.string().nullable().default(null) });
const resultsSchema = z.record(z.string(), z.unknown());

/** Runs, newest first, before the given id when there is one. */
export async function listRuns(pool: Pool, { limit, before }: { limit: number; before?: string | undefined }): Promise<RunSummary[]> {
  const { rows } = await pool.query<RunRow>(`${RUNS} where $2::bigint is null or r.id < $2 order by r.id desc limit $1`, [limit, before ?? null]);
  return summaries(pool, rows);
}

/** One run with the progress of its stages. Throws AppError `not_found`. */
export async function getRun(pool: Pool, runId: string): Promise<RunSummary> {
  const { rows } = await pool.query<RunRow>(`${RUNS} where r.id = $1`, [runId]);
  const [summary] = await summaries(pool, rows);
  if (summary === undefined) throw noRun(runId);
  return summary;
}

/** The run that is going on, or the next one waiting, of that model or coder when one is given; null for none. */
export async function currentRun(pool: Pool, of: { model?: string | undefined; coder?: string | undefined } = {}): Promise<RunSummary | null> {
  const { rows } = await pool.query<RunRow>(
    `${RUNS} where r.finished_at is null and r.cancelled_at is null and r.failed_at is null
       and ($1::text is null or m.slug = $1) and ($2::text is null or c.slug = $2)
     order by r.started_at nulls last, r.id limit 1`,
    [of.model ?? null, of.coder ?? null],
  );
  const [summary] = await summaries(pool, rows);
  return summary ?? null;
}

export function noRun(runId: string): AppError {
  return new AppError('not_found', `There is no run ${runId}.`, { field: 'run' });
}

async function summaries(pool: Pool, rows: readonly RunRow[]): Promise<RunSummary[]> {
  const endOf = (row: RunRow): Date | null => row.finished_at ?? row.failed_at ?? row.cancelled_at;
  const [tallies, open] = await Promise.all([
    talliesOf(
      pool,
      rows.map((row) => row.id),
    ),
    rows.some((row) => endOf(row) === null) ? openRuns(pool) : [],
  ]);
  const now = new Date();
  return rows.map((row) => {
    const ended = endOf(row);
    const config = runConfigSchema.parse(row.config);
    return {
      id: row.id,
      state: runState({ startedAt: row.started_at, finishedAt: row.finished_at, cancelledAt: row.cancelled_at, failedAt: row.failed_at }),
      waitsFor: waitsFor(row.id, open),
      unservedQueue: unservedQueue(row.id, open),
      model: row.model,
      coder: row.coder,
      text: row.text,
      protocol: row.protocol,
      config,
      createdAt: row.created_at.toISOString(),
      startedAt: row.started_at?.toISOString() ?? null,
      finishedAt: ended?.toISOString() ?? null,
      failure: row.failure === null ? null : failureSchema.parse(row.failure),
      stages: stageProgress(tallies.get(row.id) ?? [], stageSteps(config), ended ?? now, {
        finishedAt: row.finished_at,
        stoppedAt: row.failed_at ?? row.cancelled_at,
      }),
      results: resultsSchema.parse(row.results),
    };
  });
}

interface TallyRow {
  run_id: string;
  stage: StageTally['stage'];
  unit: string;
  tasks: number;
  completed: number;
  amount: string;
  done: string;
  started_at: Date | null;
  completed_at: Date | null;
}

/** lib/run/progress.ts `tallyTasks`, said in SQL: a run of 10⁶ latents has thousands of tasks. */
async function talliesOf(pool: Pool, runIds: readonly string[]): Promise<Map<string, StageTally[]>> {
  const tallies = new Map<string, StageTally[]>();
  if (runIds.length === 0) return tallies;
  const { rows } = await pool.query<TallyRow>(
    `select run_id, stage, unit, count(*)::int as tasks, count(completed_at)::int as completed, sum(amount) as amount,
       sum(case when completed_at is null then least(greatest(progress, 0), amount) else amount end) as done,
       min(started_at) as started_at, max(completed_at) as completed_at
     from run_tasks where run_id = any($1::bigint[]) and not job = any($2::text[]) group by run_id, stage, unit`,
    [runIds, AFTER_RUN_JOBS],
  );
  for (const row of rows) {
    const own = tallies.get(row.run_id) ?? [];
    tallies.set(row.run_id, own);
    own.push({
      stage: row.stage,
      unit: row.unit,
      tasks: row.tasks,
      completed: row.completed,
      amount: Number(row.amount),
      done: Number(row.done),
      startedAt: row.started_at,
      completedAt: row.completed_at,
    });
  }
  return tallies;
}

interface EventRow {
  id: string;
  at: Date;
  level: string;
  stage: string | null;
  event: string;
  data: unknown;
}

/** A run's log after the given event, oldest first. */
export async function runEvents(pool: Pool, runId: string, { after, limit }: { after: string; limit: number }): Promise<RunEventView[]> {
  const { rows } = await pool.query<EventRow>('select id, at, level, stage, event, data from run_events where run_id = $1 and id > $2 order by id limit $3', [
    runId,
    after,
    limit,
  ]);
  return rows.map((row) => runEventSchema.parse({ ...row, at: row.at.toISOString() }));
}
