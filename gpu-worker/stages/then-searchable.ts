import type { Pool } from 'pg';
import type { JobName } from '#lib/jobs/registry.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { afterCommit } from './after-commit.ts';
import { loadRun } from './run-facts.ts';
import { searchable } from './searchable.ts';
import type { WorkerServices } from './services.ts';

/**
 * An explainer's handler, after which search finds what it wrote: without scores yet, and without a vector unless the
 * text has been embedded before. The index stage repeats it with both.
 */
export function thenSearchable<Name extends JobName & `explain.${string}`>(
  services: Pick<WorkerServices, 'pool' | 'search' | 'embedder' | 'log'>,
  handler: TaskHandler<Name>,
): TaskHandler<Name> {
  return async (payload, context) => {
    const { runId, latents } = payload;
    const unlisted = await anyWithoutHeadline(services.pool, runId, latents);
    let explained: unknown = 0;
    await handler(payload, {
      ...context,
      commit: (write) =>
        context.commit(async (client) => {
          const result = await write(client);
          explained = result['explained'];
          return result;
        }),
    });
    // What an earlier run explained is in the index already, unless another sample has taken it out meanwhile.
    if (explained === 0 && !unlisted) return;
    await afterCommit(services, runId, context, (signal) => searchable(services, runId, latents, { signal }));
  };
}

async function anyWithoutHeadline(pool: Pool, runId: string, latents: readonly number[]): Promise<boolean> {
  const { coderId } = await loadRun(pool, runId);
  const { rowCount } = await pool.query('SELECT 1 FROM latents WHERE coder_id = $1 AND index = ANY($2) AND headline_explanation_id IS NULL LIMIT 1', [
    String(coderId),
    latents,
  ]);
  return rowCount === 1;
}
