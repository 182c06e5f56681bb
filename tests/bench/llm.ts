import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import type { PoolClient } from 'pg';
import { z } from 'zod';
import type { LlmScorer } from '#lib/score/llm-scorers.ts';
import { createOpenAiChatClient } from '#gpu-worker/llm/openai-chat-client.ts';
import { llmTasksAtOnce } from '#gpu-worker/llm/tasks-at-once.ts';
import { createRequestStore } from '#gpu-worker/llm/requests/request-store.ts';
import { countTokenFrequency, tokenCounts } from '#gpu-worker/score/fuzzing/token-traits.ts';
import { asRun } from '#gpu-worker/stages/as-run.ts';
import { explainLlm } from '#gpu-worker/stages/explain-llm.ts';
import { LLM_BATCH } from '#gpu-worker/stages/plan.ts';
import { createRunCache } from '#gpu-worker/stages/run-cache.ts';
import { scoreLlm } from '#gpu-worker/stages/score-llm.ts';
import type { WorkerServices } from '#gpu-worker/stages/services.ts';
import { openDatabase, type Database } from '#platform/database/database.ts';
import { startEmbeddedPostgres } from '#platform/database/embedded/embedded-postgres.ts';
import { applyMigrations } from '#platform/database/migrate.ts';
import { transaction } from '#platform/database/transaction.ts';
import { openArtifacts } from '#platform/artifacts/open-artifacts.ts';
import { createLog } from '#platform/log/log.ts';
import { createTaskQueue } from '#platform/queue/task-queue.ts';
import type { NewTask, TaskHandlers } from '#platform/queue/types.ts';
import { plantedLatents } from '#tests/doubles/planted.ts';
import { seedCoder, seedExamples, type Seeded } from '#tests/integration/server/seed.ts';
import { benchPromptTokens } from './llm-tokens.ts';
import type { Print } from './print.ts';
import { round } from './timing.ts';

const [LATENCY_MS, SLOTS] = [200, 64];
const SEED = 22;
/** Of each there is one call to explain it and 40 to score it. */
const LATENTS = 320;
const SCORERS: LlmScorer[] = ['detection', 'fuzzing'];
const TARGETS = { target_share: 0.9, target_cpu_ms: 1.5 };
const busySchema = z.object({ share: z.number(), calls: z.number(), seconds: z.number() });

/**
 * Against an endpoint in a process of its own, through the real queue, stages, request store and database: the share of
 * its slots that were busy from the first call to the last, and this process's own time on the processor per call, in all
 * that it does. Then the tokens of prompts beside the paper's.
 */
export async function benchLlm(print: Print): Promise<void> {
  await benchPromptTokens(print);
  const folder = mkdtempSync(path.join(tmpdir(), 'atlas-bench-llm-'));
  // PostgreSQL runs as another user when we are root, and must be able to enter.
  chmodSync(folder, 0o755);
  const postgres = await startEmbeddedPostgres({ folder: path.join(folder, 'postgres'), password: 'bench', throwaway: true });
  const server = spawn(process.execPath, ['--import', 'tsx', path.join(import.meta.dirname, 'llm-server.ts'), String(LATENCY_MS), String(SLOTS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await applyMigrations(postgres.url);
    const address = await new Promise<string>((resolve) => server.stdout.once('data', (port: Buffer) => resolve(`http://127.0.0.1:${port.toString().trim()}`)));
    const database = await openDatabase(postgres.url);
    try {
      print({
        bench: 'llm',
        latency_ms: LATENCY_MS,
        slots: SLOTS,
        tasks_at_once: llmTasksAtOnce(SLOTS),
        latents_a_task: LLM_BATCH,
        load_1m: round(loadavg()[0] ?? 0),
      });
      await measureRun(database, address, folder, print);
    } finally {
      await database.close();
    }
  } finally {
    server.kill();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureRun(database: Database, address: string, folder: string, print: Print): Promise<void> {
  const { pool } = database;
  const seeded = await seed(database);
  const artifacts = openArtifacts(path.join(folder, 'artifacts'), { endpoint: null, region: null });
  const requests = createRequestStore({
    pool,
    artifacts,
    workerId: 'bench',
    inHand: 2 * SLOTS,
    onError: (error) => process.stderr.write(`${String(error)}\n`),
  });
  const chat = createOpenAiChatClient({ baseUrl: `${address}/v1`, apiKey: 'none', model: 'bench', slots: SLOTS });
  const services = { pool, artifacts, chat, requests, prices: { own: [] }, cache: createRunCache(4) } as Partial<WorkerServices> as WorkerServices;
  // Every made-up word is as frequent as any other.
  const frequency = countTokenFrequency(tokenCounts([]));
  const handlers = {
    'explain.llm': asRun(services, explainLlm),
    'score.llm': scoreLlm(services, { frequency: async () => frequency }),
  } as Partial<TaskHandlers> as TaskHandlers;
  const queue = createTaskQueue({ pool, log: createLog({ name: 'bench', level: 'error' }), workerId: 'bench' });
  await queue.start();
  const phases = [explainTasks(seeded), scoreTasks(seeded)];
  const begun = process.cpuUsage();
  await new Promise<void>((resolve, reject) => {
    let open = 0;
    const next = async (client: PoolClient): Promise<void> => {
      const tasks = phases.shift();
      if (tasks === undefined) return resolve();
      open = tasks.length;
      await queue.enqueue(client, tasks);
    };
    const advance = async (client: PoolClient): Promise<void> => {
      if (--open === 0) await next(client);
    };
    transaction(pool, next)
      .then(() =>
        queue.work('llm', { concurrency: llmTasksAtOnce(SLOTS) }, handlers, {
          advance,
          onFailed: async (_, __, failure) => reject(new Error(failure.message)),
        }),
      )
      .catch(reject);
  });
  const { share, calls, seconds } = busySchema.parse(await (await fetch(`${address}/busy`)).json());
  await queue.stop();
  // Packing is part of what a call costs, wherever it falls.
  await requests.close();
  const { user, system } = process.cpuUsage(begun);
  print({ run: 'explain, then detection and fuzzing', latents: LATENTS, calls, seconds: round(seconds), calls_per_s: round(calls / seconds), busy_share: round(share), cpu_ms_per_call: round((user + system) / 1000 / calls), ...TARGETS, load_1m: round(loadavg()[0] ?? 0) }); // prettier-ignore
}

/** A run whose latents stand sampled. */
async function seed({ pool }: Database): Promise<Seeded> {
  const planted = plantedLatents(LATENTS, SEED);
  const seeded = await seedCoder(pool, {
    model: 'bench',
    coder: 'planted',
    latents: planted.map(({ index }) => ({ index, status: 'ready', frequency: 0.01, maxActivation: 10, explanation: null, score: null })),
  });
  for (const { index, examples } of planted) await seedExamples(pool, seeded, index, examples);
  await pool.query(`UPDATE runs SET finished_at = NULL, config = config || $2::jsonb, results = '{"sampleKey": "s1"}' WHERE id = $1`, [
    seeded.runId,
    JSON.stringify({ explainers: ['default'], scorers: SCORERS, detectionControl: 'none' }),
  ]);
  return seeded;
}

const explainTasks = ({ runId, latents }: Seeded): NewTask[] =>
  batches(latents).map((batch, ordinal) => ({ ...taskOf(runId, ordinal, batch), job: 'explain.llm', payload: { runId, latents: batch } }));

const scoreTasks = ({ runId, latents }: Seeded): NewTask[] =>
  batches(latents).map((batch, ordinal) => ({ ...taskOf(runId, ordinal, batch), job: 'score.llm', payload: { runId, latents: batch, scorers: SCORERS } }));

const taskOf = (runId: string, ordinal: number, batch: readonly number[]) => ({ runId: BigInt(runId), ordinal, unit: 'latents', amount: batch.length });

function batches(latents: Seeded['latents']): number[][] {
  const indices = latents.map(({ index }) => index);
  return Array.from({ length: Math.ceil(indices.length / LLM_BATCH) }, (_, i) => indices.slice(i * LLM_BATCH, (i + 1) * LLM_BATCH));
}
