import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { registerBundled } from '#gpu-worker/catalogue/register.ts';
import { readManifest } from '#gpu-worker/catalogue/manifest.ts';
import { runConfigSchema, STAGES, type RunConfig, type Stage } from '#lib/run/schema.ts';
import { type Database, openDatabase } from '#platform/database/database.ts';
import { startEmbeddedPostgres } from '#platform/database/embedded/embedded-postgres.ts';
import { applyMigrations } from '#platform/database/migrate.ts';
import { loadEnvironment } from '#platform/environment/environment.ts';
import { createLog } from '#platform/log/log.ts';
import { createTaskQueue } from '#platform/queue/task-queue.ts';
import { startRun } from '#server/runs/start.ts';

/**
 * Makes one run undisturbed and the same run with the worker killed (SIGKILL) once in each stage, and compares what
 * both left in the database. `npm run chaos` reads as much text as the demo, of the narrow coder; `npm run chaos --
 * 300000` less of it, which must still be enough for explanations and scores. Exit status 0 when every row agrees, no
 * table is empty and every stage was caught.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SECRET = 'chaos-secret-of-more-than-32-characters';
const TIME_LIMIT_MS = 30 * 60_000;
const tokens = Number(process.argv[2] ?? 524_288);

interface Outcome {
  seconds: number;
  kills: Stage[];
  /** How many rows each table has, and a hash of them without ids and times. */
  digests: Record<string, { rows: number; hash: string }>;
}

async function makeRun(name: string, port: number, killIn: readonly Stage[]): Promise<Outcome> {
  const folder = mkdtempSync(path.join(tmpdir(), `atlas-chaos-${name}-`));
  const postgres = await startEmbeddedPostgres({ folder: path.join(folder, 'postgres'), password: 'chaos', throwaway: true });
  const environment = {
    ...process.env,
    DATABASE_URL: postgres.url,
    ATLAS_DATA_DIR: folder,
    WORKER_SECRET: SECRET,
    AUTH_SECRET: SECRET,
    WORKER_PORT: String(port),
    LOG_LEVEL: 'error',
  };
  let worker: ChildProcess | undefined;
  const start = (): ChildProcess => spawn(process.execPath, ['--import', 'tsx', 'gpu-worker/main.ts'], { cwd: ROOT, env: environment, stdio: 'inherit' });
  let database: Database | undefined;
  try {
    await applyMigrations(postgres.url);
    database = await openDatabase(postgres.url);
    const { pool } = database;
    const manifest = await readManifest(path.join(ROOT, 'models/catalogue.json'));
    await registerBundled(pool, manifest);
    const config: RunConfig = runConfigSchema.parse({ ...manifest.demo, coder: 'layers.2-2k', tokens });
    const queue = createTaskQueue({ pool, log: createLog({ name: 'chaos', level: 'error' }) });
    const run = await startRun({ pool, queue, environment: loadEnvironment({}) }, config, null);
    await queue.stop();
    const begun = Date.now();
    worker = start();
    const kills: Stage[] = [];
    for (;;) {
      if (Date.now() - begun > TIME_LIMIT_MS) throw new Error(`the run ${name} took more than ${TIME_LIMIT_MS / 60_000} minutes`);
      const { rows } = await pool.query<{ finished: boolean; failure: unknown; stage: Stage | null }>(
        `SELECT r.finished_at IS NOT NULL AS finished, r.failure,
                (SELECT stage FROM run_tasks t WHERE t.run_id = r.id AND completed_at IS NULL AND lease_until > now() LIMIT 1) AS stage
           FROM runs r WHERE r.id = $1`,
        [run.id],
      );
      const state = rows[0];
      if (state?.failure) throw new Error(`the run ${name} failed: ${JSON.stringify(state.failure)}`);
      if (state?.finished) break;
      if (state?.stage && killIn.includes(state.stage) && !kills.includes(state.stage)) {
        kills.push(state.stage);
        worker.kill('SIGKILL');
        worker = start();
      }
      await delay(50);
    }
    return { seconds: (Date.now() - begun) / 1000, kills, digests: await digests(database) };
  } finally {
    worker?.kill('SIGKILL');
    await database?.close();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function digests({ pool }: Database): Promise<Outcome['digests']> {
  const tables = {
    latents: `SELECT index, status, firing_count, frequency, max_activation, mean_activation, histogram, train_windows, test_windows, train_documents,
                     test_documents, sample_key, headline_text, headline_method, headline_score, headline_score_lower FROM latents ORDER BY index`,
    latent_profiles: 'SELECT latent_index, profile_key, profile FROM latent_profiles ORDER BY latent_index',
    example_blobs: 'SELECT latent_index, sample_key, blob, document_keys FROM example_blobs ORDER BY latent_index',
    explanations: 'SELECT latent_index, method, explainer, text, rule, provenance, input_key FROM explanations ORDER BY latent_index, method',
    scores: `SELECT latent_index, scorer, metric, value, lower, upper, control_value, control_lower, control_upper, n_positives, n_negatives, n_failed, exam,
                    verdicts, input_key FROM scores ORDER BY latent_index, scorer`,
    search_entries: 'SELECT latent_index, text, method, score, score_lower, frequency, vector FROM search_entries ORDER BY latent_index',
  };
  const out: Outcome['digests'] = {};
  for (const [name, sql] of Object.entries(tables)) {
    const { rows } = await pool.query<Record<string, unknown>>(sql);
    out[name] = { rows: rows.length, hash: createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, 16) };
  }
  return out;
}

const shown = ({ rows, hash }: { rows: number; hash: string }): string => `${rows} rows ${hash}`;

const undisturbed = await makeRun('undisturbed', 3931, []);
const disturbed = await makeRun('disturbed', 3932, STAGES);
let equal = disturbed.kills.length === STAGES.length;
if (!equal) process.stdout.write(`killed only in ${disturbed.kills.join(', ')}: the run was too short to be caught in every stage\n`);
for (const [table, digest] of Object.entries(undisturbed.digests)) {
  const after = disturbed.digests[table] as typeof digest;
  const same = after.hash === digest.hash;
  // Nothing equals nothing: a run without explanations and scores would pass and show nothing.
  equal &&= same && digest.rows > 0;
  const verdict = digest.rows === 0 ? 'BUT it should hold some: read more tokens' : same ? 'the same after the kills' : `BUT ${shown(after)} after the kills`;
  process.stdout.write(`${table.padEnd(15)} ${shown(digest)} ${verdict}\n`);
}
process.stdout.write(`undisturbed ${undisturbed.seconds.toFixed(0)} s; killed in ${disturbed.kills.join(', ')}: ${disturbed.seconds.toFixed(0)} s\n`);
process.exitCode = equal ? 0 : 1;
