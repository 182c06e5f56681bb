import type { TaskHandler } from '#platform/queue/types.ts';
import { removeUnheadlined } from './headlines.ts';
import { loadRun } from './run-facts.ts';
import { searchable } from './searchable.ts';
import type { WorkerServices } from './services.ts';

/** Brings the headlines and the search index up to date for a batch of latents and those that are ready no more around it. */
export function indexLatents(services: WorkerServices): TaskHandler<'index.latents'> {
  return async ({ runId, latents }, context) => {
    // Before the commit that completes the task: a kill between the two repeats both, and both are idempotent.
    const indexed = await searchable(services, runId, latents, context);
    const { id, coderId } = await loadRun(services.pool, runId);
    const removed = await removeUnheadlined(services, coderId, latents, { between: { runId: id }, signal: context.signal });
    await context.commit(async () => ({ indexed, removed }));
  };
}
