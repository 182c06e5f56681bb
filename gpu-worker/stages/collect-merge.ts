import { mergeShards, storeKey } from '#gpu-worker/activations/activation-store.ts';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { addResults, loadRun, requireFact } from './run-facts.ts';
import type { WorkerServices } from './services.ts';
import { shardCount } from './plan.ts';

/** Sorts the shards' pairs into one file by latent. */
export function collectMerge(services: WorkerServices): TaskHandler<'collect.merge'> {
  return async ({ runId }, context) => {
    const run = await loadRun(services.pool, runId);
    const key = requireFact(run, 'activationKey');
    const width = requireFact(run, 'width');
    if (!(await services.artifacts.has(storeKey(key)))) {
      await mergeShards(services.artifacts, key, shardCount(requireFact(run, 'rows')), width);
    }
    const sampleKey = contentKey({ version: ALGORITHM_VERSIONS.sample, activations: key, protocol: run.config.protocol, seed: run.config.seed });
    await context.commit(async (client) => {
      const { rows } = await client.query<{ seconds: number | null; tokens: number | null }>(
        `SELECT SUM((result->>'seconds')::float8) AS seconds, SUM(amount)::float8 AS tokens FROM run_tasks
          WHERE run_id = $1 AND job = 'collect.shard' AND NOT (result->>'reused')::boolean`,
        [String(run.id)],
      );
      const { seconds, tokens } = rows[0] ?? { seconds: null, tokens: null };
      const facts = { sampleKey, collectTokensPerSecond: seconds && tokens ? Math.round(tokens / seconds) : null };
      await addResults(client, run.id, facts);
      return facts;
    });
  };
}
