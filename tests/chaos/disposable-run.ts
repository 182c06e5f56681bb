import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { WORKER_ARGUMENTS } from '#infra/launcher/worker-arguments.ts';
import { registerBundled } from '#gpu-worker/catalogue/register.ts';
import { readManifest } from '#gpu-worker/catalogue/manifest.ts';
import { runConfigSchema, type RunConfigInput, type Stage } from '#lib/run/schema.ts';
import { type Database, openDatabase } from '#platform/database/database.ts';
import { startEmbeddedPostgres } from '#platform/database/embedded/embedded-postgres.ts';
import { applyMigrations } from '#platform/database/migrate.ts';
import { loadEnvironment } from '#platform/environment/environment.ts';
import { createLog } from '#platform/log/log.ts';
import { createTaskQueue } from '#platform/queue/task-queue.ts';
import { startRun } from '#server/runs/start.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SECRET = 'chaos-secret-of-more-than-32-characters';

/** A run with a database and a data folder of its own, queued and waiting for a worker. */
export interface DisposableRun {
  database: Database;
  /** Starts a worker process; may be killed and started anew. */
  startWorker(): ChildProcess;
  /** Throws when the run has failed. */
  state(): Promise<{ finished: boolean; /** Of the task that is being worked on. */ stage: Stage | null }>;
}

export interface DisposableOptions {
  name: string;
  /** The worker's HTTP port; two runs at a time need two. */
  port: number;
  /** What differs from the demo's. */
  config: Omit<RunConfigInput, 'model' | 'coder'> & { coder: string };
  environment?: Record<string, string>;
}

/** Sets a run of the bundled model up, hands it over, and removes all of it. */
export async function withDisposableRun<Result>(
  { name, port, config, environment }: DisposableOptions,
  use: (run: DisposableRun) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(path.join(tmpdir(), `atlas-chaos-${name}-`));
  const postgres = await startEmbeddedPostgres({ folder: path.join(folder, 'postgres'), password: 'chaos', throwaway: true });
  const env = {
    ...process.env,
    ...{ DATABASE_URL: postgres.url, ATLAS_DATA_DIR: folder, WORKER_SECRET: SECRET, AUTH_SECRET: SECRET, WORKER_PORT: String(port), LOG_LEVEL: 'error' },
    ...environment,
  };
  let worker: ChildProcess | undefined;
  let database: Database | undefined;
  try {
    await applyMigrations(postgres.url);
    database = await openDatabase(postgres.url);
    const { pool } = database;
    const manifest = await readManifest(path.join(ROOT, 'models/catalogue.json'));
    await registerBundled(pool, manifest);
    const queue = createTaskQueue({ pool, log: createLog({ name: 'chaos', level: 'error' }) });
    const run = await startRun({ pool, queue, environment: loadEnvironment(environment ?? {}) }, runConfigSchema.parse({ ...manifest.demo, ...config }), null);
    await queue.stop();
    return await use({
      database,
      startWorker: () => (worker = spawn(process.execPath, [...WORKER_ARGUMENTS], { cwd: ROOT, env, stdio: 'inherit' })),
      async state() {
        const { rows } = await pool.query<{ finished: boolean; failure: unknown; stage: Stage | null }>(
          `SELECT r.finished_at IS NOT NULL AS finished, r.failure,
                  (SELECT stage FROM run_tasks t WHERE t.run_id = r.id AND completed_at IS NULL AND lease_until > now() LIMIT 1) AS stage
             FROM runs r WHERE r.id = $1`,
          [run.id],
        );
        const { finished = false, failure = null, stage = null } = rows[0] ?? {};
        if (failure !== null) throw new Error(`the run ${name} failed: ${JSON.stringify(failure)}`);
        return { finished, stage };
      },
    });
  } finally {
    worker?.kill('SIGKILL');
    await database?.close();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
