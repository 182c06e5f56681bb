import { AppError } from '#lib/errors/app-error.ts';
import { isEndpointFailure } from '#gpu-worker/llm/unanswered.ts';
import type { CompletionClient, PromptLogprobs, ReadOptions } from '#gpu-worker/llm/completion-client.ts';
import type { ScorerServices } from './scorer.ts';

/** Prompts a call: as many as fill the local runtime's batches, few enough that one that fails takes few with it. */
const PROMPTS_A_CALL = 16;

/** The model that is read. Throws AppError `invalid_config` where there is none. */
export function completionsOf({ completions }: Pick<ScorerServices, 'completions'>): CompletionClient {
  if (completions !== null) return completions;
  throw new AppError(
    'invalid_config',
    'This scorer reads how likely a language model finds a text, and the worker has no model that says so: set SURPRISAL_MODEL, or LLM_MODEL to one whose endpoint gives log-probabilities of prompts, or leave the scorer out of the run.',
    { field: 'SURPRISAL_MODEL' },
  );
}

/**
 * How likely a model finds the tokens of some prompts, in their order; null where the endpoint gave no answer. Prompts that
 * begin alike should stand together.
 *
 * @throws what `CompletionClient.promptLogprobs` throws when a setting must be changed first, or the signal aborts
 */
export async function readPrompts(
  completions: CompletionClient,
  prompts: readonly string[],
  options: Pick<ReadOptions, 'top' | 'since' | 'signal'>,
): Promise<(PromptLogprobs | null)[]> {
  const calls: Promise<(PromptLogprobs | null)[]>[] = [];
  for (let at = 0; at < prompts.length; at += PROMPTS_A_CALL) calls.push(readCall(completions, prompts.slice(at, at + PROMPTS_A_CALL), options));
  const settled = await Promise.allSettled(calls);
  const failed = settled.find((call) => call.status === 'rejected');
  if (failed) throw failed.reason;
  return settled.flatMap((call) => (call.status === 'fulfilled' ? call.value : []));
}

async function readCall(
  completions: CompletionClient,
  prompts: readonly string[],
  options: Pick<ReadOptions, 'top' | 'since' | 'signal'>,
): Promise<(PromptLogprobs | null)[]> {
  try {
    return await completions.promptLogprobs(prompts, options);
  } catch (error) {
    if (isEndpointFailure(error)) return prompts.map(() => null);
    throw error;
  }
}

/** What is known of some readings together: which model, and where the raw ones lie. */
export function readingProvenance(
  { model, endpoint }: CompletionClient,
  read: readonly (PromptLogprobs | null)[],
): { readModel: string; readEndpoint: string; fromCache: number; raw: string[] } {
  return {
    readModel: model,
    readEndpoint: endpoint,
    fromCache: read.filter((one) => one?.fromCache === true).length,
    raw: read.flatMap((one) => one?.rawKey ?? []),
  };
}
