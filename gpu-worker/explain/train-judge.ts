import { z } from 'zod';
import type { ChatClient, ChatReply } from '#gpu-worker/llm/chat-client.ts';
import { fenceKey } from '#gpu-worker/llm/prompt-text.ts';
import { inFlight } from '#gpu-worker/llm/in-flight.ts';
import { readAnswer } from '#gpu-worker/llm/read-answer.ts';
import { isUnanswered } from '#gpu-worker/llm/unanswered.ts';
import { DETECTION_TEMPLATE, detectionPrompt } from '#gpu-worker/score/detection/prompt.ts';
import type { ExplainTools } from './explainer.ts';

/** Twice the exam's five a prompt: the verdicts only pick what to show, and a round should cost little. */
const PER_PROMPT = 10;
const MAX_TOKENS = 500;

/** The exam's own prompt: what is refined should do well there. */
export const JUDGE_TEMPLATE = `${DETECTION_TEMPLATE}×${PER_PROMPT}`;

export interface TrainVerdicts {
  /** Whether the judge says that the explanation fits; null where an answer could not be used. */
  firing: (boolean | null)[];
  silent: (boolean | null)[];
  replies: ChatReply[];
}

/**
 * Detection on train windows. Firing and silent ones take turns in the prompts, so that a prompt of one kind gives
 * nothing away. A bad answer leaves its windows without a verdict: it is a guide and no exam, and not asked for again.
 */
export async function judgeOnTrain(
  chat: ChatClient,
  explanation: string,
  texts: { firing: readonly string[]; silent: readonly string[] },
  { cache, seed, signal }: { cache: ExplainTools['cache']; seed: number; signal?: AbortSignal },
): Promise<TrainVerdicts> {
  const items = interleaved(texts.firing.length, texts.silent.length);
  const verdicts: TrainVerdicts = { firing: texts.firing.map(() => null), silent: texts.silent.map(() => null), replies: [] };
  const batches = Array.from({ length: Math.ceil(items.length / PER_PROMPT) }, (_, i) => items.slice(i * PER_PROMPT, (i + 1) * PER_PROMPT));
  await inFlight(batches, batches.length, async (batch) => {
    const schema = z.strictObject({ verdicts: z.array(z.literal([0, 1])).length(batch.length) });
    const messages = detectionPrompt(
      explanation,
      batch.map(({ kind, index }) => texts[kind][index] as string),
      fenceKey({ seed, latent: null }, []),
    );
    let reply: ChatReply;
    try {
      reply = await chat.chat({
        messages,
        maxTokens: MAX_TOKENS,
        temperature: 0,
        schema: { name: 'verdicts', schema },
        purpose: 'explain.judge',
        cache,
        ...(signal && { signal }),
      });
    } catch (error) {
      if (isUnanswered(error)) return;
      throw error;
    }
    verdicts.replies.push(reply);
    const answer = readAnswer(reply, schema);
    if (answer.ok) for (const [i, { kind, index }] of batch.entries()) verdicts[kind][index] = answer.value.verdicts[i] === 1;
  });
  return verdicts;
}

/** Items of both kinds in turn, in proportion to how many there are of each. */
function interleaved(firing: number, silent: number): { kind: 'firing' | 'silent'; index: number }[] {
  const at = (kind: 'firing' | 'silent', count: number) => Array.from({ length: count }, (_, index) => ({ kind, index, place: (index + 0.5) / count }));
  return [...at('firing', firing), ...at('silent', silent)].sort((a, b) => a.place - b.place || (a.kind < b.kind ? -1 : 1));
}
