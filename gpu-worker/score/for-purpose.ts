import type { CompletionClient } from '#gpu-worker/llm/completion-client.ts';

/**
 * The same model, every reading marked by what it is for. Unlike an answer a reading is the same each time, so that an exam
 * that is sat again reads anew only what it has not.
 */
export function forPurpose(completions: CompletionClient, { purpose, bypass = false }: { purpose: string; bypass?: boolean }): CompletionClient {
  const { model, endpoint, slots, together } = completions;
  return {
    ...{ model, endpoint, slots, together },
    capabilities: (signal) => completions.capabilities(signal),
    promptLogprobs: (prompts, options) => completions.promptLogprobs(prompts, { ...options, purpose, ...(bypass && { cache: 'bypass' }) }),
  };
}
