import { AppError } from '#lib/errors/app-error.ts';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import type { WorkerServices } from './services.ts';

/** The worker's language model. Throws AppError `invalid_config` when it has none. */
export function requireChat(services: Pick<WorkerServices, 'chat'>): ChatClient {
  if (services.chat !== null) return services.chat;
  throw new AppError(
    'invalid_config',
    'This run asks for a language model and the worker has none: set LLM_BASE_URL and LLM_MODEL, or leave what asks one out of the run.',
    { field: 'LLM_BASE_URL' },
  );
}
