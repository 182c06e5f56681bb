import { drawsSimilar, protocolNamed } from '#lib/example/protocol.ts';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import type { Embedder } from '#gpu-worker/embed/embedder.ts';
import type { RunFacts } from './run-facts.ts';
import type { WorkerServices } from './services.ts';

/** What a run's sample is drawn with, settled before its first task. */
export interface SamplePlan {
  sampleKey: string;
  /** The embedder by which negatives near in meaning are found; null: there will be none. */
  similarEmbedder: string | null;
  /** Why there will be none though the protocol draws them, as a sentence. */
  similarMissing: string | null;
}

/**
 * Settles what a run's sample is made with, and so its address. Without an embedder a run that does not ask for the
 * embedding score goes on without negatives near in meaning; one that does ends here, before hours of work.
 */
export async function planSample(services: Pick<WorkerServices, 'embedder'>, run: RunFacts, activationKey: string): Promise<SamplePlan> {
  const protocol = protocolNamed(run.config.protocol);
  const { similarEmbedder, similarMissing } = drawsSimilar(protocol) ? await similarBy(services, run) : { similarEmbedder: null, similarMissing: null };
  const sampleKey = contentKey({
    version: ALGORITHM_VERSIONS.sample,
    // Neighbours follow from the activations and from how they are found.
    neighbours: ALGORITHM_VERSIONS.neighbours,
    activations: activationKey,
    protocol: protocol.name,
    seed: run.config.seed,
    embedder: similarEmbedder,
  });
  return { sampleKey, similarEmbedder, similarMissing };
}

async function similarBy({ embedder }: Pick<WorkerServices, 'embedder'>, run: RunFacts): Promise<Omit<SamplePlan, 'sampleKey'>> {
  try {
    return { similarEmbedder: (await embedder()).id, similarMissing: null };
  } catch (error) {
    if (run.config.scorers.includes('embedding')) throw error;
    return { similarEmbedder: null, similarMissing: `No embedder could be opened when the run was sampled: ${errorMessage(error)}` };
  }
}

/** Whether the run's windows are embedded: to be compared with explanations, or to find those near in meaning. */
export const embedsWindows = ({ config, results }: RunFacts): boolean => config.scorers.includes('embedding') || typeof results.similarEmbedder === 'string';

/** The embedder of the worker, which must be the one that the run was planned with. */
export async function plannedEmbedder({ embedder }: Pick<WorkerServices, 'embedder'>, { results }: RunFacts): Promise<Embedder> {
  const own = await embedder();
  if (typeof results.similarEmbedder === 'string' && results.similarEmbedder !== own.id)
    throw new AppError('conflict', `The run was begun with the embedder ${results.similarEmbedder}, and this worker has ${own.id}: give all workers the same.`);
  return own;
}
