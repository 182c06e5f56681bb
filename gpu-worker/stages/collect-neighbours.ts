import { writeCoderNeighbours } from '#gpu-worker/activations/neighbours/write-coder-neighbours.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { withCollected } from './open-collected.ts';
import { addResults, loadRun } from './run-facts.ts';
import type { WorkerServices } from './services.ts';
import { yieldNow } from './yield-now.ts';

/** Kinds of neighbours, each of which looks at every latent once. */
const KINDS = 3;

/** The nearest latents of every latent of the run's coder, once for the same activations and weights. */
export function collectNeighbours(services: WorkerServices): TaskHandler<'collect.neighbours'> {
  return async ({ runId }, context) => {
    const { artifacts, threads, device } = services;
    const run = await loadRun(services.pool, runId);
    const coder = await openSparseCoder(run.coderLocation);
    const key = await withCollected(services, run, ({ entry, activations }) =>
      writeCoderNeighbours(artifacts, {
        entry,
        activations,
        coder,
        threads,
        device,
        breathe: async (done) => {
          context.progress(Math.floor(done / KINDS));
          await yieldNow(context.signal);
        },
      }),
    );
    await context.commit(async (client) => {
      await addResults(client, run.id, { neighboursKey: key });
      return { neighboursKey: key };
    });
  };
}
