import { z } from 'zod';
import { tokenLogprobSchema, UNRECORDED, type ChatClient, type ChatReply, type ChatRequest } from './chat-client.ts';
import { Recorder, type RecorderOptions } from './recorder.ts';
import { requestText } from './request-hash.ts';
import { charactersOf, guessTokens } from './token-guess.ts';

export interface RecordedChatOptions extends RecorderOptions {
  chat: ChatClient;
}

const keptSchema = z.object({
  text: z.string(),
  tokensIn: z.number().nullable(),
  tokensOut: z.number().nullable(),
  tokensCached: z.number().nullable(),
  durationMs: z.number(),
  finishReason: z.string().nullable(),
  structured: z.boolean(),
  temperature: z.number().nullable(),
  logprobs: z.array(tokenLogprobSchema).nullable(),
});

/**
 * The same model, every call of which is claimed, costed and kept (`Recorder`). Callers should keep twice the endpoint's
 * slots under way, since a call is in the database's hands before and after it is in the endpoint's.
 */
export function recordedChat({ chat, ...options }: RecordedChatOptions): ChatClient {
  const recorder = new Recorder({ model: chat.model, endpoint: chat.endpoint }, options);
  const answer = async (request: ChatRequest): Promise<ChatReply> => {
    const wanted = {
      text: requestText(chat, request),
      purpose: request.purpose ?? 'other',
      promptCharacters: charactersOf(request.messages),
      tokensIn: guessTokens(request.messages),
      tokensOut: request.maxTokens,
    };
    const [answered] = await recorder.answer<ChatReply>([wanted], {
      make: async () => [await chat.chat(request)],
      write: ({ text, tokensIn, tokensOut, tokensCached, durationMs, finishReason, structured, temperature, logprobs }) => ({
        ...{ text, tokensIn, tokensOut, tokensCached, durationMs, finishReason, structured, temperature, logprobs },
      }),
      read: (kept) => ({ ...keptSchema.parse(kept), ...UNRECORDED }),
      finishReason: ({ finishReason }) => finishReason,
      ...(request.cache === 'bypass' && { bypass: true }),
      ...(request.signal && { signal: request.signal }),
    });
    const { reply, ...recording } = answered!;
    return { ...reply, ...recording };
  };
  return {
    model: chat.model,
    endpoint: chat.endpoint,
    slots: 2 * chat.slots,
    chat: (request) => options.store.inTurn(() => answer(request), request.signal),
  };
}
