import type { Pool } from 'pg';
import type { JobName } from '#lib/jobs/registry.ts';
import { JOBS } from '#lib/jobs/registry.ts';
import { createLog } from '#platform/log/log.ts';
import type { NewTask, TaskHandler, TaskHandlers } from '#platform/queue/types.ts';

export const silent = createLog({ name: 'test', level: 'silent' });

/** A queued run on a made-up model, coder and text; returns its id. */
export async function makeRun(pool: Pool): Promise<bigint> {
  await pool.query(
    `INSERT INTO models (slug, name, family, location, revision, layers, width, vocabulary, context_length, parameters)
     VALUES ('m', 'm', 'llama', 'm', 'r', 4, 256, 4096, 256, 1) ON CONFLICT DO NOTHING`,
  );
  await pool.query(
    `INSERT INTO sparse_coders (model_id, slug, name, location, revision, format, activation, width, input_hookpoints)
     SELECT id, 'c', 'c', 'c', 'r', 'sparsify', 'topk', 8, '{layers.2}' FROM models ON CONFLICT DO NOTHING`,
  );
  await pool.query(`INSERT INTO text_sources (slug, name, location, revision, documents) VALUES ('t', 't', 't', 'r', 9) ON CONFLICT DO NOTHING`);
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO runs (config, config_hash, model_id, coder_id, text_source_id, protocol)
     SELECT '{}', 'h', m.id, c.id, t.id, 'atlas' FROM models m, sparse_coders c, text_sources t RETURNING id`,
  );
  return BigInt(rows[0]!.id);
}

/** The handlers given, and for every other job one that fails the test by failing its task. */
export function handlersOf(given: { [Name in JobName]?: TaskHandler<Name> }): TaskHandlers {
  const others = Object.keys(JOBS).map((name) => [
    name,
    () => {
      throw new Error(`unexpected ${name}`);
    },
  ]);
  return { ...(Object.fromEntries(others) as TaskHandlers), ...given };
}

/** Tasks of the queue `cpu` with `ordinal` 0 to count − 1. */
export function indexTasks(runId: bigint, count: number): NewTask[] {
  return Array.from({ length: count }, (_, ordinal) => ({
    runId,
    job: 'index.latents',
    ordinal,
    payload: { runId: String(runId), latents: [ordinal] },
    unit: 'latents',
    amount: 10,
  }));
}
