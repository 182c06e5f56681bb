import type { Pool } from 'pg';
import { isJobName, JOBS } from '#lib/jobs/registry.ts';
import type { QueueName } from '#lib/jobs/job.ts';
import type { OpenRun } from '#lib/run/waiting.ts';

/** Between two tasks of a run that is worked on lies less. */
const IDLE_SECONDS = 5;

interface Row {
  id: string;
  started: boolean;
  working: string[] | null;
  standing: string[] | null;
  untaken: string[] | null;
}

/** The runs that are not over, oldest first, with the queues in which they are worked on and in which their tasks stand. */
export async function openRuns(pool: Pool): Promise<OpenRun[]> {
  const { rows } = await pool.query<Row>(
    `SELECT r.id::text, r.started_at IS NOT NULL AS started,
       array_agg(DISTINCT t.job) FILTER (WHERE t.completed_at > now() - $1 * interval '1 s' OR (t.completed_at IS NULL AND t.lease_until > now())) AS working,
       array_agg(DISTINCT t.job) FILTER (WHERE t.completed_at IS NULL AND (t.lease_until IS NULL OR t.lease_until <= now())) AS standing,
       array_agg(DISTINCT t.job) FILTER (WHERE t.completed_at IS NULL AND t.started_at IS NULL) AS untaken
     FROM runs r LEFT JOIN run_tasks t ON t.run_id = r.id
     WHERE r.finished_at IS NULL AND r.cancelled_at IS NULL AND r.failed_at IS NULL
     GROUP BY r.id ORDER BY r.id`,
    [IDLE_SECONDS],
  );
  return rows.map(({ working, standing, untaken, ...run }) => ({
    ...run,
    working: queuesOf(working),
    standing: queuesOf(standing),
    untaken: queuesOf(untaken),
  }));
}

/** Of jobs that another version queued nothing is known. */
function queuesOf(jobs: readonly string[] | null): QueueName[] {
  return [...new Set((jobs ?? []).filter(isJobName).map((job) => JOBS[job].queue))];
}
