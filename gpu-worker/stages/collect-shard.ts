import { AppError } from '#lib/errors/app-error.ts';
import { coderParts, hasShard, isCollected } from '#gpu-worker/activations/collect/coder-artifacts.ts';
import { openCollector, type Collector } from '#gpu-worker/activations/collect/collector.ts';
import { dataSetKey } from '#gpu-worker/activations/data-set.ts';
import { contentKey } from '#gpu-worker/activations/keys.ts';
import { openRows } from '#gpu-worker/activations/store/rows-file.ts';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { loadRun, requireFact, type RunFacts } from './run-facts.ts';
import type { WorkerServices } from './services.ts';
import { yieldNow } from './yield-now.ts';

/** Runs the model with the coder inside its graph over one shard of rows and stores the pairs. */
export function collectShard(services: WorkerServices): TaskHandler<'collect.shard'> {
  return async ({ runId, first, count }, context) => {
    const { artifacts } = services;
    const run = await loadRun(services.pool, runId);
    const key = requireFact(run, 'activationKey');
    let pairs: number | null = null;
    const started = performance.now();
    if (!(await isCollected(artifacts, key)) && !(await hasShard(artifacts, key, { first, count }))) {
      const rows = await openRows(artifacts, dataSetKey(requireFact(run, 'dataKey')), { documents: false });
      try {
        const collector = await services.models.get(
          `model:${key}`,
          () => openRunCollector(services, run, rows.rowLength),
          (opened) => opened.close(),
        );
        pairs = await collector.shard(
          rows,
          { first, count },
          {
            breathe: () => yieldNow(context.signal),
            progress: context.progress,
            onHalved: (size) => services.log.warn({ event: 'batch_halved', run: runId, rows: size }),
          },
        );
      } finally {
        await rows.close();
      }
    }
    await context.commit(async () => ({ pairs, seconds: (performance.now() - started) / 1000, reused: pairs === null }));
  };
}

async function openRunCollector(services: WorkerServices, run: RunFacts, rowLength: number): Promise<Collector> {
  const { threads, device, artifacts } = services;
  const [checkpoint, coder] = [await openCheckpoint(run.modelLocation), await openSparseCoder(run.coderLocation)];
  const [key, data, hookpoint] = [requireFact(run, 'activationKey'), requireFact(run, 'dataKey'), requireFact(run, 'hookpoint')];
  // What is stored under the run's key must be what the key says, on whichever machine and whatever became of the files since.
  if (contentKey(coderParts({ data, masked: true, model: checkpoint.revision, coder: coder.revision, hookpoint, provider: device })) !== key)
    throw new AppError('conflict', `The run was begun with other weights, another version of this program or another device than ${device}, which this worker has: give all workers the same, or start the run again.`); // prettier-ignore
  const coders = [{ key, coder, hookpoint }];
  return openCollector(artifacts, { checkpoint, coders, rowLength, threads, device });
}
