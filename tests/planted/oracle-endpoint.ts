import { startChatEndpoint, type ChatEndpoint, type ChatEndpointOptions } from '#tests/doubles/chat-endpoint.ts';
import { Oracle, type OracleOptions } from './oracle.ts';
import { echoed, readPrompt } from './oracle-reading.ts';
import { OracleEmbedder } from './oracle-embedding.ts';

/**
 * The oracle as an OpenAI-compatible server: `/chat/completions`, `/embeddings`, and `/completions` for prompts that are to
 * be echoed with their log-probabilities; it writes nothing of its own but an end.
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
      '/completions': ({ prompt, echo, logprobs, max_tokens: most }) => {
        const prompts = typeof prompt === 'string' ? [prompt] : (prompt as string[]);
        if (echo !== true) throw new Error('the oracle only reads: ask it to echo');
        // Servers that refuse to write nothing are asked for one token, which is thrown away.
        const written = most === 0 ? [] : [{ token: ' end', logprob: -1, top: {} }];
        const choices = prompts.map((text, index) => ({
          index,
          text: `${text}${written.map(({ token }) => token).join('')}`,
          finish_reason: 'length',
          logprobs: echoed([...readPrompt(oracle, text), ...written], Math.min(MOST_ALTERNATIVES, Number(logprobs ?? 0))),
        }));
        const tokens = choices.reduce((sum, { logprobs: { tokens: read } }) => sum + (read as string[]).length - written.length, 0);
        return {
          id: 'cmpl-1',
          object: 'text_completion',
          created: 0,
          model: 'oracle-1',
          choices,
          usage: { prompt_tokens: tokens, completion_tokens: written.length * prompts.length, total_tokens: tokens + written.length * prompts.length },
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
