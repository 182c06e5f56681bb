import type { Pool } from 'pg';
import { AppError } from '#lib/errors/app-error.ts';
import type { RunSummary } from '#lib/run/schema.ts';
import type { TaskQueue } from '#platform/queue/task-queue.ts';
import { getRun } from './queries.ts';

/**
 * Cancels a run. Workers notice at their next lease renewal, and nothing of it commits from this moment on; what was
 * committed stays. Throws AppError `not_found`, or `conflict` when it is over already.
 */
export async function cancelRun({ pool, queue }: { pool: Pool; queue: Pick<TaskQueue, 'cancelRun'> }, runId: string): Promise<RunSummary> {
  const cancelled = await queue.cancelRun(BigInt(runId));
  const run = await getRun(pool, runId);
  if (!cancelled) throw new AppError('conflict', `Run ${runId} is over already; there is nothing to cancel.`, { field: 'run' });
  return run;
}
