import { randomBytes } from 'node:crypto';
import type { PoolClient } from 'pg';
import type PgBoss from 'pg-boss';
import { JOBS } from '#lib/jobs/registry.ts';
import { overClient } from './boss.ts';
import type { NewTask } from './types.ts';

/**
 * Write tasks and their messages in the caller's transaction. A task that exists already, by (run, job, ordinal), is
 * left as it is. Throws zod's error for a payload that breaks its job's contract.
 */
export async function enqueueTasks(boss: PgBoss, client: PoolClient, tasks: readonly NewTask[]): Promise<void> {
  if (tasks.length === 0) return;
  const records = tasks.map((task, position) => ({
    run_id: String(task.runId),
    stage: JOBS[task.job].stage,
    job: task.job,
    ordinal: task.ordinal,
    payload: JOBS[task.job].payload.parse(task.payload),
    unit: task.unit,
    amount: task.amount,
    boss_job_id: orderedUuid(position),
  }));
  const { rows } = await client.query<{ id: string; job: NewTask['job']; boss_job_id: string }>(
    `INSERT INTO run_tasks (run_id, stage, job, ordinal, payload, unit, amount, boss_job_id)
     SELECT run_id, stage, job, ordinal, payload, unit, amount, boss_job_id
     FROM jsonb_to_recordset($1) AS t (run_id bigint, stage text, job text, ordinal int, payload jsonb, unit text, amount int, boss_job_id uuid)
     ON CONFLICT (run_id, job, ordinal) DO NOTHING
     RETURNING id, job, boss_job_id`,
    [JSON.stringify(records)],
  );
  const messages = rows.map((row) => {
    const { queue, expireSeconds, retry } = JOBS[row.job];
    return {
      id: row.boss_job_id,
      name: queue,
      data: { taskId: row.id },
      expireInSeconds: expireSeconds,
      retryLimit: retry.limit,
      retryDelay: retry.delaySeconds,
      retryBackoff: retry.backoff,
    };
  });
  if (messages.length > 0) await boss.insert(messages, { db: overClient(client) });
}

/**
 * A UUID of version 7 (RFC 9562) that sorts by time and then by `position`: messages queued together are delivered in
 * the order of their tasks, so that neighbouring latents are worked on one after the other.
 */
function orderedUuid(position: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes.writeUInt16BE(0x7000 | (position & 0x0fff), 6);
  bytes[8] = 0x80 | ((position >>> 12) & 0x3f);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
