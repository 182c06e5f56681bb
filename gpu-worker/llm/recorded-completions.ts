import { z } from 'zod';
import { tokenLogprobSchema, UNRECORDED } from './chat-client.ts';
import type { CompletionClient, PromptLogprobs, ReadOptions } from './completion-client.ts';
import { Recorder, type RecorderOptions } from './recorder.ts';
import { readingText } from './request-hash.ts';
import { guessTokens } from './token-guess.ts';

export interface RecordedCompletionsOptions extends RecorderOptions {
  completions: CompletionClient;
}

const keptSchema = z.object({
  tokens: z.array(tokenLogprobSchema.extend({ logprob: z.number().nullable() })),
  tokensIn: z.number().nullable(),
  tokensOut: z.number().nullable(),
  tokensCached: z.number().nullable(),
  durationMs: z.number(),
});

/** Servers that refuse to write nothing write one token. */
const MOST_WRITTEN = 1;

/**
 * The same model that is read, every prompt of which is claimed, costed and kept as a chat's is (`Recorder`): each prompt is
 * a request of its own, made together with others only where the model reads them together. Finding out what the endpoint
 * gives (`capabilities`) is one small call a process, of nobody's run.
 */
export function recordedCompletions({ completions, ...options }: RecordedCompletionsOptions): CompletionClient {
  const { model, endpoint, slots, together } = completions;
  const recorder = new Recorder({ model, endpoint }, options);
  const read = async (prompts: readonly string[], { purpose = 'other', cache = 'use', ...asked }: ReadOptions): Promise<PromptLogprobs[]> => {
    const wanted = prompts.map((prompt) => ({
      text: readingText(completions, prompt, asked),
      purpose,
      promptCharacters: prompt.length,
      tokensIn: guessTokens([{ content: prompt }]),
      tokensOut: MOST_WRITTEN,
    }));
    const answered = await recorder.answer<PromptLogprobs>(wanted, {
      make: (places) =>
        completions.promptLogprobs(
          places.map((place) => prompts[place]!),
          asked,
        ),
      write: ({ tokens, tokensIn, tokensOut, tokensCached, durationMs }) => ({ tokens, tokensIn, tokensOut, tokensCached, durationMs }),
      read: (kept) => ({ ...keptSchema.parse(kept), ...UNRECORDED }),
      ...(cache === 'bypass' && { bypass: true }),
      ...(asked.signal && { signal: asked.signal }),
    });
    return answered.map(({ reply, ...recording }) => ({ ...reply, ...recording }));
  };
  return {
    ...{ model, endpoint, together },
    slots: 2 * slots,
    capabilities: (signal) => completions.capabilities(signal),
    async promptLogprobs(prompts, asked = {}) {
      const groups = Array.from({ length: Math.ceil(prompts.length / together) }, (_, i) => prompts.slice(i * together, (i + 1) * together));
      // All settle before the first failure is thrown, so that nothing is paid for behind the caller's back.
      const settled = await Promise.allSettled(groups.map((group) => options.store.inTurn(() => read(group, asked), asked.signal)));
      const failed = settled.find((one) => one.status === 'rejected');
      if (failed) throw failed.reason;
      return settled.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    },
  };
}
