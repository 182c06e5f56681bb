import { runEstimateSchema, type RunEstimate } from '#lib/llm/estimate.ts';
import type { RunConfig } from '#lib/run/schema.ts';
import type { InstanceEnvironment } from '#platform/instance/instance.ts';
import { createWorkerClient } from '#platform/worker/worker-client.ts';
import { checkMethods } from './start.ts';

/** Prompts of twelve latents are rendered, by a worker that may be busy with a run. */
const TIMEOUT_MS = 30_000;

/**
 * What a run would take of the language model: the worker renders its prompts, since only it knows them.
 * Throws AppError `invalid_config` for methods that cannot work, `worker_unavailable` when no worker answers, and
 * `upstream_failed` with the worker's reason for a coder that is not there.
 */
export function estimateRun(environment: InstanceEnvironment, config: RunConfig): Promise<RunEstimate> {
  checkMethods(config, environment);
  const worker = createWorkerClient({ url: environment.workerUrl, secret: environment.workerSecret });
  return worker.post('/estimate', config, runEstimateSchema, TIMEOUT_MS);
}
