import type { Pool, PoolClient } from 'pg';
import { latentsWanted } from '#lib/run/wanted-latents.ts';
import type { JobName } from '#lib/jobs/registry.ts';
import { JOBS } from '#lib/jobs/registry.ts';
import { hasJob, JOB_UNITS } from '#lib/run/steps.ts';
import { llmScorers } from '#lib/score/llm-scorers.ts';
import type { NewTask } from '#platform/queue/types.ts';
import { RECONSTRUCTION_ROWS } from '#gpu-worker/activations/report/reconstruction-file.ts';
import { WINDOW_BATCH } from '#gpu-worker/activations/window-embeddings.ts';
import { requireFact, type RunFacts } from './run-facts.ts';

/** Rows a shard: 65,000 tokens, some seconds of work, so that a killed worker loses no more. */
export const SHARD_ROWS = 256;
/** Latents a batch of the local stages. */
const LATENT_BATCH = 512;
/** Latents a batch of the stages that call a language model, each call costing seconds and money. */
export const LLM_BATCH = 16;

/** Jobs that may run at the same time; a phase begins when the one before it is complete. */
export const PHASES: readonly (readonly JobName[])[] = [
  ['collect.prepare'],
  ['collect.shard'],
  ['collect.merge'],
  ['collect.statistics', 'collect.neighbours'],
  ['collect.profiles', 'collect.reconstruction'],
  ['sample.windows'],
  ['sample.latents'],
  ['explain.lexical', 'explain.llm'],
  ['score.texts'],
  ['score.local', 'score.llm'],
  ['index.latents'],
];

export const shardCount = (rows: number): number => Math.ceil(rows / SHARD_ROWS);

export function phaseOf(job: JobName): number {
  return PHASES.findIndex((jobs) => jobs.includes(job));
}

/** The stage's name of a phase. */
export const stageOf = (phase: number): string => JOBS[(PHASES[phase] as readonly JobName[])[0] as JobName].stage;

/** The latents a run is asked to look at, ascending. */
function wantedLatents(run: RunFacts): number[] {
  return wantedOf(run) ?? Array.from({ length: requireFact(run, 'width') }, (_, i) => i);
}

/** The tasks of a phase, empty when it has nothing to do. What costs a look at the data is asked for where a phase needs it. */
export async function planPhase(
  client: PoolClient,
  run: RunFacts,
  phase: number,
  facts: { shardTokens: () => Promise<number[]>; windowsToEmbed: () => Promise<number> },
): Promise<NewTask[]> {
  const runId = run.id;
  const id = String(runId);
  const tasks: NewTask[] = [];
  for (const job of PHASES[phase] as readonly JobName[]) {
    if (!hasJob(run.config, job)) continue;
    switch (job) {
      case 'collect.prepare':
        tasks.push({ runId, job, ordinal: 0, payload: { runId: id }, unit: JOB_UNITS[job], amount: run.config.tokens });
        break;
      case 'collect.shard': {
        const rows = requireFact(run, 'rows');
        for (const [shard, amount] of (await facts.shardTokens()).entries()) {
          const first = shard * SHARD_ROWS;
          tasks.push({
            runId,
            job,
            ordinal: shard,
            payload: { runId: id, shard, first, count: Math.min(SHARD_ROWS, rows - first) },
            unit: JOB_UNITS[job],
            amount,
          });
        }
        break;
      }
      case 'collect.merge':
        tasks.push({ runId, job, ordinal: 0, payload: { runId: id }, unit: JOB_UNITS[job], amount: shardCount(requireFact(run, 'rows')) });
        break;
      case 'collect.statistics':
      case 'collect.neighbours':
        tasks.push({ runId, job, ordinal: 0, payload: { runId: id }, unit: JOB_UNITS[job], amount: requireFact(run, 'width') });
        break;
      case 'collect.profiles':
        tasks.push(...latentTasks(run, job, wantedLatents(run), LATENT_BATCH));
        break;
      case 'collect.reconstruction':
        tasks.push({ runId, job, ordinal: 0, payload: { runId: id }, unit: JOB_UNITS[job], amount: Math.min(RECONSTRUCTION_ROWS, requireFact(run, 'rows')) });
        break;
      case 'sample.windows': {
        const total = await facts.windowsToEmbed();
        for (let first = 0, shard = 0; first < total; first += WINDOW_BATCH, shard++) {
          const count = Math.min(WINDOW_BATCH, total - first);
          tasks.push({ runId, job, ordinal: shard, payload: { runId: id, shard, first, count }, unit: JOB_UNITS[job], amount: count });
        }
        break;
      }
      case 'sample.latents':
        for (const [ordinal, latents] of batches(wantedLatents(run), LATENT_BATCH).entries()) {
          tasks.push({ runId, job, ordinal, payload: { runId: id, latents }, unit: JOB_UNITS[job], amount: latents.length });
        }
        break;
      case 'explain.lexical':
      case 'explain.llm':
        tasks.push(...latentTasks(run, job, await readyLatents(client, run), job === 'explain.llm' ? LLM_BATCH : LATENT_BATCH));
        break;
      case 'score.texts':
        tasks.push(...latentTasks(run, job, await readyLatents(client, run), LATENT_BATCH));
        break;
      case 'score.local':
        tasks.push(...latentTasks(run, job, await readyLatents(client, run), LATENT_BATCH / 2));
        break;
      case 'score.llm':
        for (const task of latentTasks(run, job, await readyLatents(client, run), LLM_BATCH))
          tasks.push({ ...task, payload: { ...task.payload, scorers: llmScorers(run.config) } });
        break;
      case 'index.latents':
        tasks.push(...latentTasks(run, job, await readyLatents(client, run), LATENT_BATCH));
        break;
      // Queued by whoever enters or imports an explanation, in no phase of a run.
      case 'score.entered':
        break;
    }
  }
  return tasks;
}

type LatentJob = 'collect.profiles' | 'explain.lexical' | 'explain.llm' | 'score.texts' | 'score.local' | 'score.llm' | 'index.latents';

function latentTasks(run: RunFacts, job: LatentJob, latents: number[], size: number): NewTask[] {
  return batches(latents, size).map((batch, ordinal) => ({
    runId: run.id,
    job,
    ordinal,
    payload: { runId: String(run.id), latents: batch },
    unit: JOB_UNITS[job],
    amount: batch.length,
  }));
}

function batches(items: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** Latents that a run is asked to look at, as a parameter of a query; null for all. A sample may hold more: another run's of the same draws. */
export const wantedOf = (run: RunFacts): number[] | null => (run.config.latents === 'all' ? null : latentsWanted(run.config, requireFact(run, 'width')));

/** The run's latents with evidence and exam enough to be explained, ascending. */
export async function readyLatents(client: Pool | PoolClient, run: RunFacts): Promise<number[]> {
  const { rows } = await client.query<{ index: number }>(
    `SELECT latent_index AS index FROM example_blobs
      WHERE coder_id = $1 AND sample_key = $2 AND status = 'ready' AND ($3::int[] IS NULL OR latent_index = ANY($3)) ORDER BY 1`,
    [String(run.coderId), requireFact(run, 'sampleKey'), wantedOf(run)],
  );
  return rows.map(({ index }) => index);
}
