import { openDatabase } from '#platform/database/database.ts';
import { loadEnvironment } from '#platform/environment/environment.ts';
import { type InstanceEnvironment, resolveInstance } from '#platform/instance/instance.ts';
import { createLog } from '#platform/log/log.ts';
import { createTaskQueue } from '#platform/queue/task-queue.ts';
import { createEmbeddedEngine } from '#platform/search/embedded.ts';
import { ensureAdmin } from '#server/auth/users.ts';
import { createServer, type Server } from './context.ts';

/** Next.js loads the same file once for pages and once for routes; the process still has one server. */
const HOLDER = globalThis as typeof globalThis & { latentAtlasServer?: Promise<Server> };

/**
 * The process's one server, opened when first asked for: the only place where the site reads the environment. An attempt
 * that failed is not kept, so that a database that comes back is found by the next request.
 */
export function getServer(): Promise<Server> {
  HOLDER.latentAtlasServer ??= openServer(resolveInstance(loadEnvironment(process.env))).catch((error: unknown) => {
    delete HOLDER.latentAtlasServer;
    throw error;
  });
  return HOLDER.latentAtlasServer;
}

/** Opens everything the site needs. Throws AppError `database_unavailable` when the database does not answer. */
export async function openServer(environment: InstanceEnvironment): Promise<Server> {
  const log = createLog({ name: 'site', level: environment.logLevel });
  const database = await openDatabase(environment.databaseUrl);
  const queue = createTaskQueue({ pool: database.pool, log });
  await queue.start();
  const server = createServer({
    environment,
    log,
    database,
    search: createEmbeddedEngine({ pool: database.pool, vectorScan: null }),
    embedder: null,
    queue,
  });
  if (environment.adminEmail !== null && environment.adminPassword !== null) {
    const created = await ensureAdmin(server, { email: environment.adminEmail, name: 'Admin', password: environment.adminPassword });
    if (created) log.info({ event: 'admin_created', email: environment.adminEmail });
  }
  return {
    ...server,
    async close() {
      await server.close();
      await queue.stop();
      await database.close();
    },
  };
}
