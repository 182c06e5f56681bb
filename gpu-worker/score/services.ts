import { AppError } from '#lib/errors/app-error.ts';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import type { ScorerServices } from './scorer.ts';

/** The chat model of a scorer that needs one. Throws AppError `invalid_config` where there is none. */
export function chatOf({ chat }: ScorerServices): ChatClient {
  if (chat !== null) return chat;
  throw new AppError(
    'invalid_config',
    'This scorer asks a language model and the worker has none: set LLM_BASE_URL and LLM_MODEL, or leave the scorer out of the run.',
    {
      field: 'LLM_BASE_URL',
    },
  );
}
