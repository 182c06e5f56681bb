import { startChatEndpoint, type ChatEndpoint, type ChatEndpointOptions } from '#tests/doubles/chat-endpoint.ts';
import { Oracle, type OracleOptions } from './oracle.ts';
import { OracleEmbedder } from './oracle-embedding.ts';

/** The oracle as an OpenAI-compatible server: `/chat/completions` and `/embeddings`. */
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
      '/embeddings': ({ input }) => {
        const texts = typeof input === 'string' ? [input] : (input as string[]);
        return { object: 'list', model: 'oracle-1', data: texts.map((text, index) => ({ object: 'embedding', index, embedding: embedder.embed(text) })) };
      },
    },
  });
}
