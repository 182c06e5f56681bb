import type { Pool } from 'pg';
import { AppError } from '#lib/errors/app-error.ts';
import type { RunSummary } from '#lib/run/schema.ts';
import { transaction } from '#platform/database/transaction.ts';
import { getRun, noRun } from './queries.ts';

/**
 * Cancels a run. Workers notice at their next lease renewal, and nothing of it commits from this moment on; what was
 * committed stays. Throws AppError `not_found`, or `conflict` when it is over already.
 */
export async function cancelRun({ pool }: { pool: Pool }, runId: string): Promise<RunSummary> {
  await transaction(pool, async (client) => {
    const { rowCount } = await client.query(
      'update runs set cancelled_at = now() where id = $1 and finished_at is null and failed_at is null and cancelled_at is null',
      [runId],
    );
    if (rowCount === 0) {
      const known = await client.query('select 1 from runs where id = $1', [runId]);
      if (known.rowCount === 0) throw noRun(runId);
      throw new AppError('conflict', `Run ${runId} is over already; there is nothing to cancel.`, { field: 'run' });
    }
    await client.query(`insert into run_events (run_id, level, event, data) values ($1, 'info', 'run_cancelled', '{}')`, [runId]);
  });
  return getRun(pool, runId);
}
