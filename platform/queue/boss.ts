import type { ClientBase, Pool, QueryResult } from 'pg';
import PgBoss from 'pg-boss';
import { QUEUES } from '#lib/jobs/job.ts';

/** Where pg-boss keeps its tables. */
export const BOSS_SCHEMA = 'pgboss';

/** Messages outlive a machine that is off for the summer; pg-boss's own two weeks would drop a waiting run's tasks. */
const RETENTION_DAYS = 365;

/**
 * pg-boss over our pool: it stores messages, counts their retries and expires them. Its polling workers are not used:
 * they complete messages apart from what a task wrote and leave a failed completion unhandled, which ends the process.
 */
export function createBoss(pool: Pool, supervise: boolean): PgBoss {
  return new PgBoss({ db: overPool(pool), schema: BOSS_SCHEMA, schedule: false, supervise, maintenanceIntervalSeconds: 30, retentionDays: RETENTION_DAYS });
}

/** Create pg-boss's schema and our queues where they are missing. */
export async function installBoss(boss: PgBoss): Promise<void> {
  await boss.start();
  for (const queue of QUEUES) await boss.createQueue(queue);
}

/** The `db` option of pg-boss's calls: run them on the caller's connection, inside its transaction. */
export function overClient(client: ClientBase): PgBoss.Db {
  return { executeSql: async (text, values) => lastResult(await client.query(text, values)) };
}

function overPool(pool: Pool): PgBoss.Db {
  return {
    async executeSql(text, values) {
      const client = await pool.connect();
      let failure: Error | undefined;
      try {
        return lastResult(await client.query(text, values));
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
        throw error;
      } finally {
        // Some of its scripts open a transaction of their own: a connection whose script broke off is not reused.
        client.release(failure);
      }
    },
  };
}

function lastResult(result: QueryResult | QueryResult[]): QueryResult {
  return Array.isArray(result) ? result[result.length - 1]! : result;
}
