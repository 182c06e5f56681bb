import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '#prisma/generated/client.ts';
import { databaseUnavailable, isUnavailable } from './unavailable.ts';

/** One pool of connections, and Prisma's client over it. Raw queries on the pool get bigint columns as decimal strings. */
export interface Database {
  prisma: PrismaClient;
  pool: pg.Pool;
  close(): Promise<void>;
}

/**
 * Connect to the PostgreSQL database at `url` with at most `max` connections (10 unless told). Throws AppError
 * `database_unavailable` when it does not answer within ten seconds.
 */
export async function openDatabase(url: string, { max = 10 }: { max?: number } = {}): Promise<Database> {
  const pool = new pg.Pool({ connectionString: url, max, connectionTimeoutMillis: 10_000 });
  // An idle connection that the server closes is replaced on the next query; without a listener it ends the process.
  pool.on('error', () => undefined);
  try {
    await pool.query('SELECT 1');
  } catch (cause) {
    await pool.end();
    throw isUnavailable(cause) ? databaseUnavailable(url, cause) : cause;
  }
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  return {
    prisma,
    pool,
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}
