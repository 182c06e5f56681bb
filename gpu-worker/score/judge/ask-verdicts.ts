import { z } from 'zod';
import { isEndpointFailure } from '#gpu-worker/llm/unanswered.ts';
import type { ChatClient, ChatReply } from '#gpu-worker/llm/chat-client.ts';
import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';
import { readAnswer } from '#gpu-worker/llm/read-answer.ts';
import type { FailureCause } from '#gpu-worker/score/scorer.ts';
import type { PromptItems } from './plan-prompts.ts';
import { verdictProbabilities } from './verdict-probabilities.ts';

/** How a language model is asked for verdicts. A type and not an interface, so that it can be a part of keys and provenance. */
export type JudgeParameters = {
  /** Windows in one prompt; 5 in the paper. */
  windowsPerPrompt: number;
  maxTokens: number;
  temperature: number;
  /** Alternatives asked for at each place of the answer, to have probabilities where the endpoint gives any; 0: none. */
  topLogprobs: number;
};
export const JUDGE_PARAMETERS: JudgeParameters = { windowsPerPrompt: 5, maxTokens: 500, temperature: 0, topLogprobs: 5 };

/** What is to be judged. */
export interface Questions {
  prompts: readonly PromptItems[];
  /** The prompt for some windows, by index, in this order. */
  messages: (items: readonly number[]) => ChatMessage[];
  /** Windows of the exam. */
  count: number;
}

export interface Judgements {
  /** One a window: the model's yes or no; null where it failed. */
  predictions: (boolean | null)[];
  /** How sure it was of a yes, in [0, 1]; null where it failed or the endpoint does not say. */
  probabilities: (number | null)[];
  failures: Record<FailureCause, number>;
  /** Windows that were asked about again alone, because the answer for their whole prompt could not be used. */
  askedAlone: number;
  replies: ChatReply[];
}

/**
 * Yes or no for each window of an exam. An answer that cannot be used (no JSON, not one verdict a window, cut off) makes
 * each of its windows be asked about once alone; one that still has no verdict counts as failed, never as wrong. All
 * prompts are under way at once; the client's slots keep order.
 *
 * @throws what `ChatClient.chat` throws when a setting must be changed first, or the signal aborts
 */
export async function askVerdicts(chat: ChatClient, questions: Questions, parameters: JudgeParameters, signal?: AbortSignal): Promise<Judgements> {
  const { prompts, messages, count } = questions;
  const predictions = new Array<boolean | null>(count).fill(null);
  const probabilities = new Array<number | null>(count).fill(null);
  const failures: Record<FailureCause, number> = { bad_answer: 0, upstream: 0 };
  const replies: ChatReply[] = [];
  let askedAlone = 0;

  const ask = async ({ items, companion }: PromptItems): Promise<FailureCause | null> => {
    const outcome = await verdictsOf(chat, messages(items), items.length, parameters, signal);
    if (outcome === 'upstream') return outcome;
    replies.push(outcome.reply);
    const { verdicts } = outcome;
    if (verdicts === null) return 'bad_answer';
    const sure = outcome.reply.logprobs === null ? null : verdictProbabilities(outcome.reply.logprobs, verdicts);
    for (const [i, item] of items.entries()) {
      if (item === companion) continue;
      predictions[item] = verdicts[i] === 1;
      probabilities[item] = sure?.[i] ?? null;
    }
    return null;
  };

  await settle(
    prompts.map(async (prompt) => {
      const cause = await ask(prompt);
      if (cause === null) return;
      const own = prompt.items.filter((item) => item !== prompt.companion);
      if (cause === 'upstream') {
        // The client has tried for long enough already; five times as many calls would not mend the endpoint.
        failures.upstream += own.length;
        return;
      }
      // A prompt of one, asked again in the same words, would be answered in the same words.
      if (prompt.items.length === 1) {
        failures.bad_answer += 1;
        return;
      }
      askedAlone += own.length;
      await settle(
        own.map(async (item) => {
          const alone = await ask({ items: [item], companion: null });
          if (alone !== null) failures[alone] += 1;
        }),
      );
    }),
  );
  return { predictions, probabilities, failures, askedAlone, replies };
}

async function verdictsOf(
  chat: ChatClient,
  messages: readonly ChatMessage[],
  count: number,
  { maxTokens, temperature, topLogprobs }: JudgeParameters,
  signal?: AbortSignal,
): Promise<'upstream' | { reply: ChatReply; verdicts: (0 | 1)[] | null }> {
  const schema = verdictsSchema(count);
  try {
    const reply = await chat.chat({
      messages,
      maxTokens,
      temperature,
      schema: { name: 'verdicts', schema },
      ...(topLogprobs > 0 && { logprobs: { top: topLogprobs } }),
      ...(signal && { signal }),
    });
    const answer = readAnswer(reply, schema);
    return { reply, verdicts: answer.ok ? answer.value.verdicts : null };
  } catch (error) {
    if (isEndpointFailure(error)) return 'upstream';
    throw error;
  }
}

const verdictsSchemas = new Map<number, z.ZodType<{ verdicts: (0 | 1)[] }>>();

/** Prompts have few sizes and runs many prompts: a schema made anew for each took a third of a call's time. */
function verdictsSchema(count: number): z.ZodType<{ verdicts: (0 | 1)[] }> {
  let schema = verdictsSchemas.get(count);
  if (schema === undefined) verdictsSchemas.set(count, (schema = z.strictObject({ verdicts: z.array(z.literal([0, 1])).length(count) })));
  return schema;
}

/** Waits for all, then throws the first failure: no call runs on after the exam has been given up. */
export async function settle(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
