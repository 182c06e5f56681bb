import type { CoderProfile } from '#lib/coder/profile.ts';
import { RECONSTRUCTION_ROWS, reconstructionKey, storedReconstruction } from '#gpu-worker/activations/report/reconstruction-file.ts';
import { openStatistics, type StatisticsSummary } from '#gpu-worker/activations/statistics/statistics-file.ts';
import { dataSetKey } from '#gpu-worker/activations/data-set.ts';
import { openRows } from '#gpu-worker/activations/store/rows-file.ts';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';
import { writesAt } from '#gpu-worker/sparse-coder/writes-at.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { loadRun, logEvent, requireFact, addResults } from './run-facts.ts';
import type { WorkerServices } from './services.ts';
import { yieldNow } from './yield-now.ts';

/** How well the coder's output stands in for what it reads; with the statistics' summary these are the coder's figures. */
export function collectReconstruction(services: WorkerServices): TaskHandler<'collect.reconstruction'> {
  return async ({ runId }, context) => {
    const { artifacts, threads, device, models, log } = services;
    const run = await loadRun(services.pool, runId);
    const hookpoint = requireFact(run, 'hookpoint');
    const coder = await openSparseCoder(run.coderLocation);
    const writeAt = writesAt(coder, hookpoint);
    const { seed } = run.config;
    const key = reconstructionKey({ activations: requireFact(run, 'activationKey'), writeAt, rows: RECONSTRUCTION_ROWS, seed });
    const rows = await openRows(artifacts, dataSetKey(requireFact(run, 'dataKey')));
    try {
      const found = await storedReconstruction(artifacts, key, async () => {
        // The collecting session's memory is needed for these two.
        await models.clear();
        return {
          checkpoint: await openCheckpoint(run.modelLocation),
          coder,
          readAt: hookpoint,
          writeAt,
          rows,
          sample: RECONSTRUCTION_ROWS,
          seed,
          threads,
          device,
          say: (sentence) => log.warn({ event: 'reconstruction', run: runId, sentence }),
          breathe: async (done) => {
            context.progress(done);
            await yieldNow(context.signal);
          },
        };
      });
      const summary = await statisticsSummary(services, requireFact(run, 'statisticsKey'));
      const profile: CoderProfile = { ...coderFigures(summary), runId: String(run.id), reconstruction: 'measured' in found ? found.measured : null };
      await context.commit(async (client) => {
        await client.query('UPDATE sparse_coders SET profile = $2 WHERE id = $1', [String(run.coderId), JSON.stringify(profile)]);
        await addResults(client, run.id, { reconstructionKey: key });
        if ('missing' in found)
          await logEvent(client, run.id, { level: 'warn', stage: 'collect', event: 'reconstruction_not_measured', data: { reason: found.missing } });
        return { reconstructionKey: key };
      });
    } finally {
      await rows.close();
    }
  };
}

async function statisticsSummary({ artifacts }: WorkerServices, key: string): Promise<StatisticsSummary> {
  const statistics = await openStatistics(artifacts, key);
  await statistics.close();
  return statistics.summary;
}

function coderFigures(summary: StatisticsSummary): Omit<CoderProfile, 'runId' | 'reconstruction'> {
  const { tokens, windows, documents, latents, alive, dead, dense, l0 } = summary;
  return {
    tokens,
    windows,
    documents,
    latents,
    alive,
    dead,
    over1Percent: summary.over_1_percent,
    dense,
    l0,
    singleToken: summary.single_token,
    medianMax: summary.median_max,
  };
}
