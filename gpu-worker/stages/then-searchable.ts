import type { JobName } from '#lib/jobs/registry.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { searchable } from './searchable.ts';
import type { WorkerServices } from './services.ts';

/**
 * An explainer's handler, after which search finds what it wrote: without scores yet, and without a vector unless the
 * text has been embedded before. The index stage repeats it with both. The task is complete by then, so an index that is
 * away is said in the log and costs the run nothing.
 */
export function thenSearchable<Name extends JobName & `explain.${string}`>(
  services: Pick<WorkerServices, 'pool' | 'search' | 'embedder' | 'log'>,
  handler: TaskHandler<Name>,
): TaskHandler<Name> {
  return async (payload, context) => {
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
    // What an earlier run explained is in the index already.
    if (explained === 0) return;
    try {
      await searchable(services, payload.runId, payload.latents);
    } catch (error) {
      services.log.warn({ event: 'search_behind', runId: payload.runId, error });
    }
  };
}
