import { basename } from 'node:path';
import { coderParts, cutRows, isCollected, mergeCoder, removeSpilled } from '#gpu-worker/activations/collect/coder-artifacts.ts';
import { dataSetKey } from '#gpu-worker/activations/data-set.ts';
import { openRows } from '#gpu-worker/activations/store/rows-file.ts';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { planSample } from './plan-sample.ts';
import { addResults, loadRun, logEvent, requireFact } from './run-facts.ts';
import type { WorkerServices } from './services.ts';
import { SHARD_ROWS } from './plan.ts';

/** Merges the shards' runs into one file by latent. */
export function collectMerge(services: WorkerServices): TaskHandler<'collect.merge'> {
  return async ({ runId }, context) => {
    const run = await loadRun(services.pool, runId);
    const key = requireFact(run, 'activationKey');
    if (await isCollected(services.artifacts, key)) await removeSpilled(services.artifacts, key);
    else {
      const dataKey = requireFact(run, 'dataKey');
      const { rows, rowLength, close } = await openRows(services.artifacts, dataSetKey(dataKey), { documents: false });
      await close();
      const hookpoint = requireFact(run, 'hookpoint');
      const [checkpoint, coder] = [await openCheckpoint(run.modelLocation), await openSparseCoder(run.coderLocation)];
      const parts = coderParts({ data: dataKey, masked: true, model: checkpoint.revision, coder: coder.revision, hookpoint, provider: services.device });
      await mergeCoder(services.artifacts, {
        key,
        shards: cutRows(rows, SHARD_ROWS),
        facts: { hookpoint, width: requireFact(run, 'width'), rows, rowLength },
        madeOf: { ...parts, model_name: checkpoint.name, coder_name: basename(run.coderLocation) },
        progress: () => context.signal.throwIfAborted(),
      });
    }
    const plan = await planSample(services, run, key);
    await context.commit(async (client) => {
      const { rows } = await client.query<{ seconds: number | null; tokens: number | null }>(
        `SELECT SUM((result->>'seconds')::float8) AS seconds, SUM(amount)::float8 AS tokens FROM run_tasks
          WHERE run_id = $1 AND job = 'collect.shard' AND NOT (result->>'reused')::boolean`,
        [String(run.id)],
      );
      const { seconds, tokens } = rows[0] ?? { seconds: null, tokens: null };
      const facts = { ...plan, collectTokensPerSecond: seconds && tokens ? Math.round(tokens / seconds) : null };
      await addResults(client, run.id, facts);
      if (plan.similarMissing !== null)
        await logEvent(client, run.id, { level: 'warn', stage: 'sample', event: 'similar_windows_missing', data: { reason: plan.similarMissing } });
      return facts;
    });
  };
}
