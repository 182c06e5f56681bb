import { join } from 'node:path';
import { locateModel } from '#gpu-worker/hub/locate.ts';
import { deviceFor } from '#gpu-worker/model/providers.ts';
import { LOCAL_MODEL, type Environment } from '#platform/environment/environment.ts';
import type { ChatClient } from './chat-client.ts';
import { createLocalChatClient } from './local-chat-client.ts';
import { createOpenAiChatClient } from './openai-chat-client.ts';

/**
 * The language model that the environment names, and how to close it; null when it names none. `say` hears of what is
 * fetched from the hub.
 */
export function createChatClient(environment: Environment, say: (sentence: string) => void): { chat: ChatClient; close(): Promise<void> } | null {
  const { llm, hub, threads, device } = environment;
  if (llm === null) return null;
  if (llm.baseUrl !== LOCAL_MODEL) return { chat: createOpenAiChatClient(llm), close: () => Promise.resolve() };
  const chat = createLocalChatClient({
    model: llm.model,
    locate: async (model) => (await locateModel(model, { cacheDir: join(environment.dataDir, 'hub'), ...hub, say })).dir,
    threads: threads ?? undefined,
    device: deviceFor(device),
  });
  return { chat, close: () => chat.close() };
}
