import { requireChat } from '#gpu-worker/stages/require-chat.ts';
import type { WorkerServices } from '#gpu-worker/stages/services.ts';
import type { ChatClient } from './chat-client.ts';
import { recordedChat } from './recorded-chat.ts';
import { recordingForRun, type RecordingServices, type RunAsking } from './recording-for-run.ts';

/**
 * The worker's language model as one run asks it: every call claimed and kept, counted for the run, and held to its
 * budget. A call that the budget does not allow throws `budget_spent`, which `answeringBatch` turns into a stop.
 *
 * Throws AppError `invalid_config` when the worker has no language model, or its price is not known and the run's budget
 * is in money.
 */
export function chatForRun(services: RecordingServices & Pick<WorkerServices, 'chat'>, run: RunAsking): ChatClient {
  const chat = requireChat(services);
  const recording = recordingForRun(services, run, chat);
  return recording === null ? chat : recordedChat({ chat, ...recording });
}

/** The services of one run: its own client in place of the worker's; without a language model, as they were. */
export function servicesForRun<Services extends RecordingServices & Pick<WorkerServices, 'chat'>>(services: Services, run: RunAsking): Services {
  return services.chat === null ? services : { ...services, chat: chatForRun(services, run) };
}
