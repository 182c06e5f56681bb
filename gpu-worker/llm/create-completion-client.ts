import { join } from 'node:path';
import type { Pool } from 'pg';
import { locateModel } from '#gpu-worker/hub/locate.ts';
import { deviceFor } from '#gpu-worker/model/providers.ts';
import { LOCAL_MODEL, type Environment } from '#platform/environment/environment.ts';
import type { CompletionClient } from './completion-client.ts';
import { endpointOptions } from './create-chat-client.ts';
import { createLocalCompletionClient } from './local-completion-client.ts';
import { createOpenAiCompletionClient } from './openai-completion-client.ts';
import type { RateLimiter } from './rate-limiter.ts';

/**
 * The model that is read, and how to close it: the one that SURPRISAL_MODEL names, else the language model. Null where
 * neither is set, and for Anthropic's, which tells no likelihoods. `say` hears of what is fetched from the hub.
 *
 * @param limiter the language model's, kept to by both where the same endpoint is asked and read
 */
export function createCompletionClient(
  environment: Environment,
  pool: Pool,
  say: (sentence: string) => void,
  limiter: RateLimiter | null,
): { completions: CompletionClient; close(): Promise<void> } | null {
  const { surprisal, llm, hub, dataDir, threads, device } = environment;
  const chosen = surprisal ?? llm;
  if (chosen === null) return null;
  if (chosen.baseUrl === LOCAL_MODEL) {
    const completions = createLocalCompletionClient({
      model: chosen.model,
      setting: surprisal === null ? 'LLM_MODEL' : 'SURPRISAL_MODEL',
      locate: async (model) => (await locateModel(model, { cacheDir: join(dataDir, 'hub'), ...hub, say })).dir,
      threads: threads ?? undefined,
      device: deviceFor(device),
    });
    return { completions, close: () => completions.close() };
  }
  if (surprisal === null && llm?.provider !== 'openai') return null;
  const options = endpointOptions(environment, chosen, pool);
  const completions = createOpenAiCompletionClient(
    surprisal === null ? { ...options, ...(limiter !== null && { limiter }) } : { ...options, settings: 'SURPRISAL' },
  );
  return { completions, close: () => Promise.resolve() };
}
