import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';

/** More than a scorer asks for one window within a sitting. */
const ASKED_A_SITTING = 10;

/**
 * The same client with every request marked by what it is for and which attempt it is, so that an exam that is sat again
 * is asked again and not answered from what was stored the first time, what it asked twice then included.
 */
export function forAttempt(
  chat: ChatClient,
  { purpose, attempt, seed, bypass = false }: { purpose: string; attempt: number; seed: number; bypass?: boolean },
): ChatClient {
  return {
    model: chat.model,
    endpoint: chat.endpoint,
    slots: chat.slots,
    chat: (request) =>
      chat.chat({
        ...request,
        purpose,
        seed,
        ...(attempt > 0 && { attempt: request.attempt === undefined ? attempt : ASKED_A_SITTING * attempt + request.attempt }),
        ...(bypass && { cache: 'bypass' }),
      }),
  };
}
