import type { PoolClient } from 'pg';
import { AppError, isAppError } from '#lib/errors/app-error.ts';
import type { JobPayload, StuckTask, TaskHandler } from '#platform/queue/types.ts';
import { NO_PARTS } from './failed-score.ts';
import { reserveScores } from './score-explanation.ts';
import { scoreProvenance } from './score-provenance.ts';
import { insertScores, type NewScore } from './score-rows.ts';
import type { WorkerServices } from './services.ts';

/**
 * Scores of entered and imported explanations on the sealed reserve, by what costs nothing. One that cannot be scored, its
 * run's store gone or the latent never sampled, is kept as failed with the reason; what may pass is tried again.
 */
export function scoreEntered(services: WorkerServices): TaskHandler<'score.entered'> {
  return async ({ explanations }, context) => {
    const scores: NewScore[] = [];
    for (const [done, id] of explanations.entries()) {
      try {
        scores.push(...(await reserveScores(services, id, ['embedding'], context.signal)).scores);
      } catch (error) {
        if (context.signal.aborted || !isAppError(error) || error.retryable) throw error;
        scores.push(...(await failedReserve(services.pool, [id], error.message)));
      }
      context.progress(done + 1);
    }
    await context.commit(async (client) => {
      await insertScores(client, scores);
      return { scores: scores.filter(({ failure }) => failure === null).length, failed: scores.filter(({ failure }) => failure !== null).length };
    });
  };
}

/** Keeps a given-up task's explanations as failed, so that none waits for ever. */
export async function storeFailedEntered(client: PoolClient, { taskId, job }: StuckTask, { message }: { message: string }): Promise<void> {
  if (job !== 'score.entered') return;
  const { rows } = await client.query<{ payload: JobPayload<'score.entered'> }>('SELECT payload FROM run_tasks WHERE id = $1', [String(taskId)]);
  const [task] = rows;
  if (task === undefined) throw new AppError('internal', `The task ${taskId} is gone before it was given up.`);
  await insertScores(client, await failedReserve(client, task.payload.explanations, message));
}

/** A row for each explanation that is there still. Without an exam there is nothing to count. */
async function failedReserve(db: Pick<PoolClient, 'query'>, ids: readonly string[], message: string): Promise<NewScore[]> {
  const { rows } = await db.query<{ id: string; coderId: string; latent: number; runId: string; inputKey: string }>(
    `SELECT id::text, coder_id::text AS "coderId", latent_index AS latent, run_id::text AS "runId", input_key AS "inputKey" FROM explanations WHERE id = ANY($1::bigint[])`,
    [ids],
  );
  return rows.map(({ id, coderId, latent, runId, inputKey }) => ({
    ...{ coderId: BigInt(coderId), latentIndex: latent, explanationId: BigInt(id), runId: BigInt(runId), scorer: 'embedding', metric: 'auroc' },
    ...{ value: null, interval: null, control: null, nPositives: 0, nNegatives: 0, nFailed: 0, exam: 'reserve', verdicts: [] },
    failure: `It could not be scored on the sealed exam. ${message}`,
    parts: { ...NO_PARTS, blank: null, lift: null, failures: {}, chance: 0.5 },
    provenance: scoreProvenance({ controlMissing: 'The exam could not be taken.' }, performance.now()),
    inputKey: `${inputKey} reserve failed`,
  }));
}
