import type { AppError } from '#lib/errors/app-error.ts';
import { UNRECORDED } from '#gpu-worker/llm/chat-client.ts';
import { tokensSince, type CompletionClient, type PromptToken } from '#gpu-worker/llm/completion-client.ts';

/** What a model is asked of one token: the prompt, the token, and where in the prompt it begins. */
export interface Place {
  prompt: string;
  token: string;
  at: number;
}

/**
 * A model that is read, in memory: prompts are cut into words with their space, line breaks, tabs and single other
 * characters, all before the last empty line into one token, and `likelihood` says how likely each is. The prompts it got are kept; `fails` may refuse a call.
 */
export function scriptedCompletions(
  likelihood: (place: Place) => Pick<PromptToken, 'logprob' | 'top'>,
  { maxTop = 20, fails }: { maxTop?: number; fails?: (call: number) => AppError | null } = {},
): CompletionClient & { prompts: string[] } {
  const prompts: string[] = [];
  let calls = 0;
  return {
    model: 'scripted-base-1',
    endpoint: 'nowhere:2',
    slots: 4,
    together: 16,
    prompts,
    capabilities: () => Promise.resolve({ promptLogprobs: true, maxTop }),
    promptLogprobs: async (asked, { top = 0, since, signal } = {}) => {
      signal?.throwIfAborted();
      const refusal = fails?.(calls++) ?? null;
      if (refusal !== null) throw refusal;
      prompts.push(...asked);
      return asked.map((prompt) => {
        const begin = prompt.lastIndexOf('\n\n') + 1;
        const words = Array.from(prompt.slice(begin).matchAll(/ ?[\p{L}\p{N}]+|[^]/gu), ({ 0: token, index }) => ({ token, at: begin + index }));
        const tokens = [...(begin > 0 ? [{ token: prompt.slice(0, begin), at: 0 }] : []), ...words].map(({ token, at }): PromptToken => {
          const read = at === 0 ? { logprob: null, top: [] } : likelihood({ prompt, token, at });
          return { token, logprob: read.logprob, top: read.top.slice(0, top) };
        });
        return { tokens: tokensSince(tokens, since), tokensIn: tokens.length, tokensOut: 0, tokensCached: null, durationMs: 1, ...UNRECORDED };
      });
    },
  };
}
