import type { PoolClient } from 'pg';
import { JOB_UNITS } from '#lib/run/steps.ts';
import type { NewTask } from './types.ts';

/** Writes tasks in the caller's transaction (`TaskQueue.enqueue`). */
export type Enqueue = (client: PoolClient, tasks: NewTask[]) => Promise<void>;

/** Explanations a task: each draws an exam, some tenths of a second, and all are committed together. */
const BATCH = 16;

/**
 * Queues explanations to be scored on the sealed reserve, in the caller's transaction, which has just written them: so each
 * is queued once.
 *
 * @param runId the run whose latents, store and evidence they are scored by; it may be over
 */
export async function queueEntered(client: PoolClient, enqueue: Enqueue, runId: string, explanations: readonly string[]): Promise<void> {
  if (explanations.length === 0) return;
  // Two at once would take the same ordinal, and the second not be queued.
  await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('queue_entered', $1::bigint))`, [runId]);
  const { rows } = await client.query<{ next: number }>(
    `SELECT coalesce(max(ordinal), -1) + 1 AS next FROM run_tasks WHERE run_id = $1 AND job = 'score.entered'`,
    [runId],
  );
  const first = rows[0]!.next;
  const batches = Array.from({ length: Math.ceil(explanations.length / BATCH) }, (_, i) => explanations.slice(i * BATCH, (i + 1) * BATCH));
  await enqueue(
    client,
    batches.map((batch, i) => ({
      runId: BigInt(runId),
      job: 'score.entered',
      ordinal: first + i,
      payload: { runId, explanations: batch },
      unit: JOB_UNITS['score.entered'],
      amount: batch.length,
    })),
  );
}

/** The same for what was imported under a run that read nothing: each explanation by the run that its latent is from. */
export async function queueImported(client: PoolClient, enqueue: Enqueue, explanations: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ run: string; ids: string[] }>(
    `SELECT l.run_id::text AS run, array_agg(x.id::text ORDER BY x.id) AS ids FROM explanations x JOIN latents l ON l.coder_id = x.coder_id AND l.index = x.latent_index
      WHERE x.id = ANY($1::bigint[]) GROUP BY l.run_id ORDER BY l.run_id`,
    [explanations],
  );
  for (const { run, ids } of rows) await queueEntered(client, enqueue, run, ids);
}
