import { servicesForRun } from '#gpu-worker/llm/chat-for-run.ts';
import type { JobName } from '#lib/jobs/registry.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { loadRun } from './run-facts.ts';
import type { WorkerServices } from './services.ts';

/** A handler whose language model is the run's own client: every call kept, counted for the run, held to its budget. */
export function asRun<Name extends JobName>(services: WorkerServices, handler: (services: WorkerServices) => TaskHandler<Name>): TaskHandler<Name> {
  return async (payload, context) => handler(servicesForRun(services, await loadRun(services.pool, context.runId)))(payload, context);
}
