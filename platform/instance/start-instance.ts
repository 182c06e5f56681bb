import path from 'node:path';
import type { Environment } from '#platform/environment/environment.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#platform/database/embedded/embedded-postgres.ts';
import { applyMigrations } from '#platform/database/migrate.ts';
import type { Log } from '#platform/log/log.ts';
import { readInstance, resolveInstance, writeInstance, type InstanceEnvironment } from './instance.ts';
import { ensureSecret } from './secrets.ts';

export interface StartedInstance {
  environment: InstanceEnvironment;
  /** Null when the environment names a database of its own. */
  postgres: EmbeddedPostgres | null;
}

/**
 * Make the instance in the data folder usable: its secrets exist, its database answers and is migrated. Without
 * DATABASE_URL that is the embedded PostgreSQL, started unless it runs already; the caller stops what `postgres.started`
 * says was started here. Throws AppError `database_unavailable`, or `conflict` when the migrations do not fit.
 */
export async function startInstance(env: Environment, log: Log): Promise<StartedInstance> {
  ensureSecret(env.dataDir, 'worker');
  ensureSecret(env.dataDir, 'auth');
  const postgres = env.databaseUrl === null ? await startDatabase(env, log) : null;
  if (postgres) {
    const known = readInstance(env.dataDir);
    const { workerUrl, siteUrl } = resolveInstance({ ...env, databaseUrl: postgres.url });
    writeInstance(env.dataDir, { workerUrl: known?.workerUrl ?? workerUrl, siteUrl: known?.siteUrl ?? siteUrl, databaseUrl: postgres.url });
  }
  const environment = resolveInstance(env);
  try {
    const applied = await applyMigrations(environment.databaseUrl);
    if (applied.length > 0) log.info({ event: 'migrations_applied', migrations: applied });
  } catch (error) {
    if (postgres?.started) await postgres.stop();
    throw error;
  }
  return { environment, postgres };
}

/** The embedded PostgreSQL of the instance, on the port of last time when that is free. */
export async function startDatabase(env: Environment, log: Log): Promise<EmbeddedPostgres> {
  const known = readInstance(env.dataDir);
  const started = performance.now();
  const postgres = await startEmbeddedPostgres({
    folder: path.join(env.dataDir, 'postgres'),
    password: ensureSecret(env.dataDir, 'database'),
    ...(known && { preferredPort: Number(new URL(known.databaseUrl).port) }),
    onLine: (text) => log.debug({ event: 'postgres_says', text }),
  });
  log.info({ event: postgres.started ? 'postgres_started' : 'postgres_found_running', port: postgres.port, ms: Math.round(performance.now() - started) });
  return postgres;
}
