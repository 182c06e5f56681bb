import { completionsOf } from '#gpu-worker/score/read-prompts.ts';
import type { WorkerServices } from '#gpu-worker/stages/services.ts';
import type { CompletionClient } from './completion-client.ts';
import { recordedCompletions } from './recorded-completions.ts';
import { recordingForRun, type RecordingServices, type RunAsking } from './recording-for-run.ts';

/**
 * The model that is read as one run reads it: `chatForRun` for log-probabilities, with the same claims, records, counts and
 * budget.
 *
 * Throws AppError `invalid_config` when the worker has none, or its price is not known and the run's budget is in money.
 */
export function completionsForRun(services: RecordingServices & Pick<WorkerServices, 'completions'>, run: RunAsking): CompletionClient {
  const completions = completionsOf(services);
  const recording = recordingForRun(services, run, completions);
  return recording === null ? completions : recordedCompletions({ completions, ...recording });
}
