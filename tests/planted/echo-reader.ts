import type { CompletionClient, PromptLogprobs } from '#gpu-worker/llm/completion-client.ts';
import type { ChatEndpoint } from '#tests/doubles/chat-endpoint.ts';

interface EchoedBody {
  choices: { index: number; logprobs: { tokens: string[]; token_logprobs: (number | null)[]; top_logprobs: (Record<string, number> | null)[] } }[];
}

const TOP = 20;

/** Reads prompts through the oracle's `/completions`: the log-probabilities that it echoes. */
export function echoReader({ baseUrl, host, model }: ChatEndpoint): CompletionClient {
  return {
    model,
    endpoint: host,
    slots: 8,
    capabilities: () => Promise.resolve({ promptLogprobs: true, maxTop: TOP }),
    promptLogprobs: async (prompts, { top = 0, signal } = {}) => {
      const response = await fetch(`${baseUrl}/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model, prompt: prompts, echo: true, logprobs: top, max_tokens: 0 }),
        ...(signal && { signal }),
      });
      const { choices } = (await response.json()) as EchoedBody;
      return choices
        .toSorted((a, b) => a.index - b.index)
        .map(({ logprobs: { tokens, token_logprobs: own, top_logprobs: others } }): PromptLogprobs => ({
          tokens: tokens.map((token, i) => ({
            token,
            logprob: own[i]!,
            top: Object.entries(others[i] ?? {}).map(([other, logprob]) => ({ token: other, logprob })),
          })),
          tokensIn: tokens.length,
          durationMs: 0,
        }));
    },
  };
}
