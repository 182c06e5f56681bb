import { startChatEndpoint, type ChatEndpoint, type ChatEndpointOptions } from '#tests/doubles/chat-endpoint.ts';
import { Oracle, type OracleOptions } from './oracle.ts';
import { echoed, readPrompt } from './oracle-reading.ts';
import { OracleEmbedder } from './oracle-embedding.ts';

/**
 * The oracle as an OpenAI-compatible server: `/chat/completions`, `/embeddings`, and `/completions` for prompts that are to
 * be echoed with their log-probabilities; it completes nothing.
 */
export function startOracle({
  errorRate = 0,
  seed = 0,
  ...options
}: OracleOptions & Omit<ChatEndpointOptions, 'answer' | 'routes'> = {}): Promise<ChatEndpoint> {
  const oracle = new Oracle({ errorRate, seed });
  const embedder = new OracleEmbedder({ errorRate });
  return startChatEndpoint({
    model: 'oracle-1',
    ...options,
    answer: (messages) => oracle.chat(messages),
    routes: {
      '/completions': ({ prompt, echo, logprobs }) => {
        const prompts = typeof prompt === 'string' ? [prompt] : (prompt as string[]);
        if (echo !== true) throw new Error('the oracle only reads: ask it to echo');
        const choices = prompts.map((text, index) => ({
          index,
          text,
          finish_reason: 'length',
          logprobs: echoed(readPrompt(oracle, text), Math.min(MOST_ALTERNATIVES, Number(logprobs ?? 0))),
        }));
        const tokens = choices.reduce((sum, { logprobs: { tokens: read } }) => sum + (read as string[]).length, 0);
        return {
          id: 'cmpl-1',
          object: 'text_completion',
          created: 0,
          model: 'oracle-1',
          choices,
          usage: { prompt_tokens: tokens, completion_tokens: 0, total_tokens: tokens },
        };
      },
      '/embeddings': ({ input }) => {
        const texts = typeof input === 'string' ? [input] : (input as string[]);
        return { object: 'list', model: 'oracle-1', data: texts.map((text, index) => ({ object: 'embedding', index, embedding: embedder.embed(text) })) };
      },
    },
  });
}

/** As vLLM by default. */
const MOST_ALTERNATIVES = 20;
