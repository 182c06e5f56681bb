import type { Pool } from 'pg';
import type { Database } from '#platform/database/database.ts';
import type { EmbedderClient } from '#platform/embedder/types.ts';
import type { InstanceEnvironment } from '#platform/instance/instance.ts';
import type { Log } from '#platform/log/log.ts';
import type { TaskQueue } from '#platform/queue/task-queue.ts';
import type { SearchEngine } from '#platform/search/types.ts';
import { type Auth, createAuth, trustedOrigins } from '#server/auth/auth.ts';
import { type CatalogueFigures, createFigures } from '#server/catalogue/figures.ts';
import { createRunWatcher, type RunWatcher } from '#server/runs/watcher.ts';
import { createQueryVectors, type QueryVectors } from '#server/search/query-vectors.ts';

/** The site puts runs into the queue and takes them out; it never works on one. */
export type RunQueue = Pick<TaskQueue, 'enqueue' | 'cancelRun'>;

/** What one process of the site knows and holds; made once by `getServer`, or by a test from its own parts. */
export interface Server {
  environment: InstanceEnvironment;
  log: Log;
  pool: Pool;
  search: SearchEngine;
  queryVectors: QueryVectors;
  queue: RunQueue;
  auth: Auth;
  trustedOrigins: readonly string[];
  figures: CatalogueFigures;
  watcher: RunWatcher;
  /** Closes what `getServer` opened, last opened first. */
  close(): Promise<void>;
}

export interface ServerParts {
  environment: InstanceEnvironment;
  log: Log;
  database: Pick<Database, 'pool' | 'prisma'>;
  search: SearchEngine;
  /** Null: search goes by words alone. */
  embedder: Pick<EmbedderClient, 'embed'> | null;
  queue: RunQueue;
}

/** Longest a visitor waits for meaning before the search goes by words; a warm embedder takes 10 to 30 ms, a busy one longer. */
export const MEANING_TIMEOUT_MS = 1500;
const QUERY_VECTORS_KEPT = 1000;

/** Joins the parts; opens nothing. `close` stops only what was started here, the parts stay their owner's. */
export function createServer({ environment, log, database: { pool, prisma }, search, embedder, queue }: ServerParts): Server {
  const watcher = createRunWatcher(pool, (error) => log.error({ event: 'run_watch_failed', error }));
  return {
    environment,
    log,
    pool,
    search,
    queryVectors: createQueryVectors(embedder, {
      timeoutMs: MEANING_TIMEOUT_MS,
      capacity: QUERY_VECTORS_KEPT,
      onUnavailable: (error) => log.warn({ event: 'search_without_meaning', error }),
    }),
    queue,
    auth: createAuth({ prisma, siteUrl: environment.siteUrl, secret: environment.authSecret, trustedProxies: environment.trustedProxies, log }),
    trustedOrigins: trustedOrigins(environment.siteUrl),
    figures: createFigures(pool, search, (error) => log.error({ event: 'figures_refresh_failed', error })),
    watcher,
    async close() {
      watcher.close();
    },
  };
}
