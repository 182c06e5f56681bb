import { transaction } from '#platform/database/transaction.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { precisionSample, takePrecisions } from './measure-precision.ts';
import { readyLatents } from './plan.ts';
import { embeddingJudge } from './precision-judges.ts';
import { insertPrecisions } from './precision-rows.ts';
import { loadRun } from './run-facts.ts';
import type { WorkerServices } from './services.ts';

/**
 * A handler that also measures the embedding's precision at the natural rate for those of its latents that are in the run's
 * sample: it costs nothing but a moment. A language model's costs a thousand verdicts a latent, so `atlas precision` asks for it.
 */
export function withPrecision(services: WorkerServices, handler: TaskHandler<'score.local'>): TaskHandler<'score.local'> {
  return async (payload, context) => {
    const run = await loadRun(services.pool, payload.runId);
    const own = new Set(payload.latents);
    const sample = precisionSample(await readyLatents(services.pool, run), run.config.seed).filter((latent) => own.has(latent));
    if (sample.length > 0 && run.config.scorers.includes('embedding')) {
      const { taken } = await takePrecisions(services, run, sample, await embeddingJudge(services, run), { signal: context.signal });
      // By themselves: they are addressed by their inputs, so a task that is done again finds them.
      await transaction(services.pool, (client) => insertPrecisions(client, taken));
    }
    await handler(payload, context);
  };
}
