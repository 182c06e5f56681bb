import type { Pool, PoolClient } from 'pg';

/** Run `work` in one transaction on one connection: committed when it resolves, rolled back when it throws. */
export async function transaction<Result>(pool: Pool, work: (client: PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((rollback: Error) => {
      // The connection is gone, and with it the transaction; it must not go back to the pool.
      broken = rollback;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
