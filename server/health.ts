import type { Server } from './context.ts';

export interface Health {
  /** Whether the site can answer: it can without the worker, only search by meaning and runs wait. */
  ok: boolean;
  database: 'up' | 'down';
  worker: 'up' | 'down';
}

/** Longest a health check waits for the worker. */
const WORKER_TIMEOUT_MS = 1000;

/** Whether the database and the worker answer. */
export async function health(server: Pick<Server, 'pool' | 'environment' | 'log'>): Promise<Health> {
  const [database, worker] = await Promise.all([databaseUp(server), workerUp(server)]);
  return { ok: database, database: database ? 'up' : 'down', worker: worker ? 'up' : 'down' };
}

async function databaseUp({ pool, log }: Pick<Server, 'pool' | 'log'>): Promise<boolean> {
  try {
    await pool.query('select 1');
    return true;
  } catch (error) {
    log.warn({ event: 'health_database_down', error });
    return false;
  }
}

async function workerUp({ environment, log }: Pick<Server, 'environment' | 'log'>): Promise<boolean> {
  try {
    const response = await fetch(new URL('/healthz', environment.workerUrl), { signal: AbortSignal.timeout(WORKER_TIMEOUT_MS) });
    return response.ok;
  } catch (error) {
    log.debug({ event: 'health_worker_down', error });
    return false;
  }
}

/** The health check's answer: 200 while the site can serve, 503 while it cannot. */
export async function healthResponse(server: Server): Promise<Response> {
  const state = await health(server);
  return Response.json(state, { status: state.ok ? 200 : 503, headers: { 'cache-control': 'no-store' } });
}
