import { AppError } from '#lib/errors/app-error.ts';
import { UNRECORDED, type ChatClient, type ChatReply, type ChatRequest } from '#gpu-worker/llm/chat-client.ts';

/** A chat client in memory whose every answer, or failure, is decided by `answer`; the requests it got are kept. */
export function scriptedChat(
  answer: (request: ChatRequest, call: number) => string | Partial<ChatReply> | AppError,
  slots = 4,
): ChatClient & { requests: ChatRequest[] } {
  const requests: ChatRequest[] = [];
  return {
    model: 'scripted-1',
    endpoint: 'nowhere:1',
    slots,
    requests,
    chat: async (request) => {
      request.signal?.throwIfAborted();
      const outcome = answer(request, requests.push(request) - 1);
      if (outcome instanceof Error) throw outcome;
      const reply = typeof outcome === 'string' ? { text: outcome } : outcome;
      return {
        text: '',
        tokensIn: 100,
        tokensOut: 10,
        tokensCached: null,
        durationMs: 5,
        finishReason: 'stop',
        structured: true,
        temperature: request.temperature,
        logprobs: null,
        ...UNRECORDED,
        ...reply,
      };
    },
  };
}

/** Failures as the real client words them. */
export const UPSTREAM = {
  down: new AppError('upstream_failed', 'The language model scripted-1 at nowhere:1 failed (HTTP 503, 6 attempts); try again later.', { retryable: true }),
  refused: new AppError('upstream_failed', 'The language model scripted-1 at nowhere:1 refused the request (HTTP 400).'),
  wrongKey: new AppError('upstream_failed', 'The language model scripted-1 at nowhere:1 refused the key (HTTP 401); check LLM_API_KEY.', {
    field: 'LLM_API_KEY',
  }),
};
