import { openDatabase } from '#platform/database/database.ts';
import { openOpenAiEmbedder } from '#platform/embedder/openai-embedder.ts';
import { createWorkerEmbedder } from '#platform/embedder/worker-embedder.ts';
import { LOCAL_MODEL, loadEnvironment } from '#platform/environment/environment.ts';
import { type InstanceEnvironment, resolveInstance } from '#platform/instance/instance.ts';
import { createLog } from '#platform/log/log.ts';
import { createTaskQueue } from '#platform/queue/task-queue.ts';
import { createSearchEngine } from '#platform/search/create-search-engine.ts';
import { createWorkerVectorScan } from '#platform/search/worker-vector-scan.ts';
import { createWorkerClient, type WorkerClient } from '#platform/worker/worker-client.ts';
import { ensureAdmin } from '#server/auth/users.ts';
import { lateEmbedder, type SiteEmbedder } from '#server/search/late-embedder.ts';
import { createServer, MEANING_TIMEOUT_MS, type Server } from './context.ts';

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
  const { pool } = database;
  const queue = createTaskQueue({ pool, log });
  const worker = createWorkerClient({ url: environment.workerUrl, secret: environment.workerSecret });
  const embedder = siteEmbedder(environment, worker);
  const search = createSearchEngine({
    ...environment,
    pool,
    vectorScan: createWorkerVectorScan(worker, { timeoutMs: MEANING_TIMEOUT_MS }),
    dimensions: embedder.dimensions,
  });
  const server = createServer({ environment, log, database, search, embedder, queue });
  const close = async (): Promise<void> => {
    await server.close();
    await search.close();
    await queue.stop();
    await database.close();
  };
  try {
    await queue.start();
    await addFirstAdmin(server);
  } catch (error) {
    await close();
    throw error;
  }
  return { ...server, close };
}

async function addFirstAdmin({ pool, environment, log }: Server): Promise<void> {
  const { adminEmail: email, adminPassword: password } = environment;
  if (email === null || password === null) return;
  if (await ensureAdmin({ pool }, { email, name: 'Admin', password })) log.info({ event: 'admin_created', email });
}

/** The embedder that the index was built with, the worker's or an endpoint's: another's vectors would point anywhere. */
function siteEmbedder({ embedder: endpoint }: InstanceEnvironment, worker: WorkerClient): SiteEmbedder {
  if (endpoint !== null && endpoint.baseUrl !== LOCAL_MODEL) return lateEmbedder(() => openOpenAiEmbedder(endpoint, endpoint.prompts.query ?? ''));
  const bundled = createWorkerEmbedder(worker);
  return {
    embed: bundled.embed,
    async dimensions() {
      // The worker says it with its first answer.
      await bundled.embed(['dimensions']);
      return bundled.dimensions;
    },
  };
}
