import type { Pool } from 'pg';
import type { OpenRun } from '#lib/run/waiting.ts';

/** The runs that are not over, oldest first, and since when nobody has worked on them. */
export async function openRuns(pool: Pool): Promise<OpenRun[]> {
  const { rows } = await pool.query<OpenRun>(
    `SELECT r.id::text, r.started_at IS NOT NULL AS started,
       CASE WHEN bool_or(t.completed_at IS NULL AND t.lease_until > now()) THEN 0
            ELSE extract(epoch FROM now() - max(t.completed_at))::float8 END AS "idleSeconds"
     FROM runs r LEFT JOIN run_tasks t ON t.run_id = r.id
     WHERE r.finished_at IS NULL AND r.cancelled_at IS NULL AND r.failed_at IS NULL
     GROUP BY r.id ORDER BY r.id`,
  );
  return rows;
}
