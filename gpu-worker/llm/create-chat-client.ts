import { join } from 'node:path';
import type { Pool } from 'pg';
import { locateModel } from '#gpu-worker/hub/locate.ts';
import { deviceFor } from '#gpu-worker/model/providers.ts';
import type { Environment, ModelEndpoint } from '#platform/environment/environment.ts';
import { ensureSecret } from '#platform/instance/secrets.ts';
import { storedKey } from '#platform/keys/provider-keys.ts';
import { createAnthropicChatClient } from './anthropic-chat-client.ts';
import type { ChatClient } from './chat-client.ts';
import { rateLimiterOf, type EndpointOptions, type KeySource } from './endpoint-calls.ts';
import { createLocalChatClient } from './local-chat-client.ts';
import { createOpenAiChatClient } from './openai-chat-client.ts';
import type { RateLimiter } from './rate-limiter.ts';

/** A language model, and how to close it. */
export interface OpenedChat {
  chat: ChatClient;
  /** What holds its calls to the endpoint's limits; null where it runs here. */
  limiter: RateLimiter | null;
  close(): Promise<void>;
}

/**
 * The language model that the environment names; null when it names none. A key that the
 * environment does not give is looked for in the database, under the endpoint's host. `say` hears of what is fetched
 * from the hub.
 */
export function createChatClient(environment: Environment, pool: Pool, say: (sentence: string) => void): OpenedChat | null {
  const { llm, hub, threads, device } = environment;
  if (llm === null) return null;
  if (llm.provider === 'local') {
    const chat = createLocalChatClient({
      model: llm.model,
      locate: async (model) => (await locateModel(model, { cacheDir: join(environment.dataDir, 'hub'), ...hub, say })).dir,
      threads: threads ?? undefined,
      device: deviceFor(device),
    });
    return { chat, limiter: null, close: () => chat.close() };
  }
  const unlimited = endpointOptions(environment, llm, pool);
  const limiter = rateLimiterOf(unlimited);
  const options = { ...unlimited, limiter };
  const chat = llm.provider === 'anthropic' ? createAnthropicChatClient(options) : createOpenAiChatClient(options);
  return { chat, limiter, close: () => Promise.resolve() };
}

/** How an endpoint over the network is called, by what the environment says of it. */
export function endpointOptions(environment: Environment, llm: ModelEndpoint, pool: Pool): EndpointOptions {
  return {
    baseUrl: llm.baseUrl,
    apiKey: llm.apiKey ?? keyInDatabase(environment, llm, pool),
    model: llm.model,
    limits: { requestsPerMinute: llm.requestsPerMinute, tokensPerMinute: llm.tokensPerMinute },
    ...(llm.slots !== null && { slots: llm.slots }),
    ...(llm.timeoutSeconds !== null && { timeoutMs: llm.timeoutSeconds * 1000 }),
  };
}

function keyInDatabase(environment: Environment, llm: ModelEndpoint, pool: Pool): KeySource {
  return storedKey(pool, environment.keysSecret ?? ensureSecret(environment.dataDir, 'keys'), new URL(llm.baseUrl).host);
}
