import type { TaskContext } from '#platform/queue/types.ts';
import type { WorkerServices } from './services.ts';

/** Longest that a task which is complete keeps its slot for the search index; it takes a batch in well under a second. */
const PATIENCE_MS = 10_000;

/**
 * Has the search index follow what a task has just committed. The task is complete by then: an index that is away or busy,
 * or a worker that is told to stop, is said in the log and costs the run nothing, since the index stage looks at every latent
 * again. `work` is not waited for longer than ten seconds, whether it heeds its signal or not.
 */
export async function afterCommit(
  { log }: Pick<WorkerServices, 'log'>,
  runId: string,
  context: Pick<TaskContext, 'signal'>,
  work: (signal: AbortSignal) => Promise<unknown>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(patienceMs)]);
  try {
    signal.throwIfAborted();
    await Promise.race([work(signal), aborted(signal)]);
  } catch (error) {
    log.warn({ event: 'search_behind', runId, error });
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
}
