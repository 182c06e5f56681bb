import type { PoolClient } from 'pg';
import type PgBoss from 'pg-boss';
import type { QueueName } from '#lib/jobs/job.ts';
import { BOSS_SCHEMA, overClient } from './boss.ts';

/** A message handed to this process. */
export interface Delivery {
  queue: QueueName;
  id: string;
  taskId: string;
  /** How often it had been handed out and failed before. */
  attempt: number;
  expireSeconds: number;
}

/**
 * Put a message back without counting the delivery as an attempt: the worker is shutting down, or somebody else holds
 * the task. pg-boss has no call for this; `fetch` raised retry_count if the message had been started before, and this
 * undoes exactly that.
 */
export async function putBack(client: PoolClient, delivery: Pick<Delivery, 'queue' | 'id'>, delaySeconds: number): Promise<void> {
  await client.query(
    `UPDATE ${BOSS_SCHEMA}.job
     SET state = 'retry', start_after = now() + $3 * interval '1 s',
         started_on = CASE WHEN retry_count = 0 THEN NULL ELSE started_on END, retry_count = greatest(retry_count - 1, 0)
     WHERE name = $1 AND id = $2 AND state = 'active'`,
    [delivery.queue, delivery.id, delaySeconds],
  );
}

/** Count the delivery as failed; true when it was the last one, so that the message is not handed out again. */
export async function failDelivery(
  boss: PgBoss,
  client: PoolClient,
  delivery: Pick<Delivery, 'queue' | 'id'>,
  reason: { code: string; message: string },
  final: boolean,
): Promise<boolean> {
  if (final) await client.query(`UPDATE ${BOSS_SCHEMA}.job SET retry_limit = retry_count WHERE name = $1 AND id = $2`, [delivery.queue, delivery.id]);
  await boss.fail(delivery.queue, delivery.id, reason, { db: overClient(client) });
  const { rows } = await client.query<{ state: string }>(`SELECT state FROM ${BOSS_SCHEMA}.job WHERE name = $1 AND id = $2`, [delivery.queue, delivery.id]);
  return rows[0]?.state === 'failed';
}
