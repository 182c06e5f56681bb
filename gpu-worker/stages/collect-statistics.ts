import { statisticsKey, writeStatistics } from '#gpu-worker/activations/statistics/statistics-file.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { collectedEntry, withCollected } from './open-collected.ts';
import { addResults, loadRun, requireFact } from './run-facts.ts';
import type { WorkerServices } from './services.ts';
import { yieldNow } from './yield-now.ts';

/** Statistics of every latent of the run's coder, once for the same activations. */
export function collectStatistics(services: WorkerServices): TaskHandler<'collect.statistics'> {
  return async ({ runId }, context) => {
    const run = await loadRun(services.pool, runId);
    const key = statisticsKey(await collectedEntry(services, run), requireFact(run, 'dataKey'));
    const reused = await services.artifacts.has(key);
    if (!reused) {
      await withCollected(services, run, ({ activations, rows }) =>
        writeStatistics(services.artifacts, key, rows, activations, async (done) => {
          context.progress(done);
          await yieldNow(context.signal);
        }),
      );
    }
    await context.commit(async (client) => {
      await addResults(client, run.id, { statisticsKey: key });
      return { statisticsKey: key, reused };
    });
  };
}
