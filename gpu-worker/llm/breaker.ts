import { isAppError, type AppError } from '#lib/errors/app-error.ts';
import type { ChatClient } from './chat-client.ts';
import { Slots } from './slots.ts';

/**
 * The same client, but when as many calls in a row as it makes at once have failed for want of an answer, those still
 * waiting fail with the last error instead of being made: an endpoint that hangs would else hold a batch of 300 calls
 * for hours. One call whose failure names a setting is enough. Stays broken; make another to try again.
 */
export function withBreaker(chat: ChatClient): ChatClient {
  // Its own slots, as those inside the client are passed only after the check.
  const slots = new Slots(chat.slots);
  let inRow = 0;
  let broken: AppError | null = null;
  return {
    model: chat.model,
    endpoint: chat.endpoint,
    slots: chat.slots,
    chat: (request) =>
      slots.run(async () => {
        if (broken !== null) throw broken;
        try {
          const reply = await chat.chat(request);
          inRow = 0;
          return reply;
        } catch (error) {
          if (isAppError(error) && error.code === 'upstream_failed' && (error.retryable || error.field !== undefined)) {
            inRow += 1;
            if (inRow >= chat.slots || error.field !== undefined) broken = error;
          }
          throw error;
        }
      }, request.signal),
  };
}
