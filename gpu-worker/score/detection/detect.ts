import { z } from 'zod';
import { isAppError } from '#lib/errors/app-error.ts';
import type { ChatClient, ChatReply } from '#gpu-worker/llm/chat-client.ts';
import { readAnswer } from '#gpu-worker/llm/read-answer.ts';
import { usageOf, type Usage } from '#gpu-worker/llm/usage.ts';
import { detectionPrompt } from './prompt.ts';

export interface DetectionParameters {
  /** Windows in one prompt; 5 in the paper. */
  windowsPerPrompt: number;
  maxTokens: number;
  temperature: number;
}
export const DETECTION_PARAMETERS: DetectionParameters = { windowsPerPrompt: 5, maxTokens: 500, temperature: 0 };

/** Why a text has no verdict: the model's answer could not be used, or the endpoint gave none. */
export type FailureCause = 'bad_answer' | 'upstream';

export interface Detection {
  /** One a text, in their order: whether the model says that the explanation fits; null where it failed. */
  predictions: (boolean | null)[];
  failures: Record<FailureCause, number>;
  /** Texts that were asked about again alone, because the answer for their whole prompt could not be used. */
  askedAlone: number;
  usage: Usage;
  /** Null where the endpoint only takes its own, or gave no answer at all. */
  temperature: number | null;
  /** Whether the endpoint held every answer to a JSON schema. */
  structured: boolean;
}

/** The prompts of an exam, each with the indices of its texts. */
export interface DetectionPrompt {
  indices: number[];
  messages: ReturnType<typeof detectionPrompt>;
}

export function detectionPrompts(explanation: string, texts: readonly string[], windowsPerPrompt: number): DetectionPrompt[] {
  return Array.from({ length: Math.ceil(texts.length / windowsPerPrompt) }, (_, i) => {
    const from = i * windowsPerPrompt;
    const shown = texts.slice(from, from + windowsPerPrompt);
    return { indices: shown.map((_, j) => from + j), messages: detectionPrompt(explanation, shown) };
  });
}

/**
 * Detection (Paulo et al. 2024, §3.3.1; method.md §5.1–5.2): the model reads the explanation and plain texts, and says
 * for each whether the explanation fits. An answer that cannot be used (no JSON, not one verdict a text, cut off) makes
 * each of its texts be asked about once alone; one that still has no verdict counts as failed, never as wrong.
 * All prompts are under way at once; the client's slots keep order.
 *
 * @throws what `ChatClient.chat` throws when a setting must be changed first, or the signal aborts
 */
export async function detect(
  chat: ChatClient,
  { explanation, texts }: { explanation: string; texts: readonly string[] },
  parameters: DetectionParameters,
  signal?: AbortSignal,
): Promise<Detection> {
  const predictions = new Array<boolean | null>(texts.length).fill(null);
  const failures: Record<FailureCause, number> = { bad_answer: 0, upstream: 0 };
  const replies: ChatReply[] = [];
  let askedAlone = 0;

  const ask = async ({ indices, messages }: DetectionPrompt): Promise<FailureCause | null> => {
    const outcome = await verdicts(chat, messages, indices.length, parameters, signal);
    if (outcome === 'upstream') return outcome;
    replies.push(outcome.reply);
    if (outcome.verdicts === null) return 'bad_answer';
    for (const [i, index] of indices.entries()) predictions[index] = outcome.verdicts[i] === 1;
    return null;
  };

  const prompts = detectionPrompts(explanation, texts, parameters.windowsPerPrompt);
  await settle(
    prompts.map(async (prompt) => {
      const cause = await ask(prompt);
      if (cause === null) return;
      if (cause === 'upstream') {
        // The client has tried for long enough already; five times as many calls would not mend the endpoint.
        failures.upstream += prompt.indices.length;
        return;
      }
      askedAlone += prompt.indices.length;
      await settle(
        prompt.indices.map(async (index) => {
          const alone = await ask({ indices: [index], messages: detectionPrompt(explanation, [texts[index] as string]) });
          if (alone !== null) failures[alone] += 1;
        }),
      );
    }),
  );
  return {
    predictions,
    failures,
    askedAlone,
    usage: usageOf(replies),
    temperature: replies[0]?.temperature ?? null,
    structured: replies.length > 0 && replies.every(({ structured }) => structured),
  };
}

async function verdicts(
  chat: ChatClient,
  messages: DetectionPrompt['messages'],
  count: number,
  { maxTokens, temperature }: DetectionParameters,
  signal?: AbortSignal,
): Promise<'upstream' | { reply: ChatReply; verdicts: (0 | 1)[] | null }> {
  const schema = z.strictObject({ verdicts: z.array(z.literal([0, 1])).length(count) });
  try {
    const reply = await chat.chat({ messages, maxTokens, temperature, schema: { name: 'verdicts', schema }, ...(signal && { signal }) });
    const answer = readAnswer(reply, schema);
    return { reply, verdicts: answer.ok ? answer.value.verdicts : null };
  } catch (error) {
    if (isAppError(error) && error.code === 'upstream_failed' && error.field === undefined) return 'upstream';
    throw error;
  }
}

/** Waits for all, then throws the first failure: no call runs on after the exam has been given up. */
async function settle(work: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
