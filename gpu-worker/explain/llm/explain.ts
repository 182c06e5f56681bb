import { z } from 'zod';
import { isAppError, type AppError } from '#lib/errors/app-error.ts';
import type { Example } from '#lib/example/schema.ts';
import type { ChatClient, ChatReply } from '#gpu-worker/llm/chat-client.ts';
import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';
import { promptHash } from '#gpu-worker/llm/prompt-text.ts';
import { usageOf, type Usage } from '#gpu-worker/llm/usage.ts';
import { readAnswer } from '#gpu-worker/llm/read-answer.ts';
import { correctionPrompt, EXPLAIN_TEMPLATE } from './prompt.ts';

export interface ExplainParameters {
  /** Tokens a thinking model may need for its notes; the phrase itself takes 40. */
  maxTokens: number;
  /** 0, as the reference (method.md §4.1): the same prompt should give the same explanation. */
  temperature: number;
}
export const EXPLAIN_PARAMETERS: ExplainParameters = { maxTokens: 500, temperature: 0 };

/** Everything needed to ask the same again, and what it took: two calls when the first answer could not be used. */
export interface ExplainProvenance extends Usage {
  template: string;
  /** SHA-256 of the rendered prompt. */
  promptHash: string;
  /** [row, start] of the windows shown, all from train documents. */
  windows: [row: number, start: number][];
  model: string;
  endpoint: string;
  maxTokens: number;
  /** Null where the endpoint only takes its own. */
  temperature: number | null;
  /** Whether the endpoint held the answer to a JSON schema. */
  structured: boolean;
}

export type ExplainOutcome =
  | { kind: 'explained'; text: string; provenance: ExplainProvenance }
  /** The model answered twice and neither could be used; `reasons` has one sentence for each. */
  | { kind: 'bad_answer'; reasons: string[]; usage: Usage }
  /** The endpoint gave no answer for this prompt. */
  | { kind: 'upstream'; error: AppError };

/** A sentence of 30 words has some 200 characters; past this it is an essay, or a quotation of the excerpts. */
const MAX_CHARACTERS = 400;

/** The form asked of the endpoint. Its length is checked here only: hosted schema modes refuse `maxLength`. */
const answerSchema = z.strictObject({ explanation: z.string() });
const explanationSchema = z.strictObject({
  explanation: z
    .string()
    .transform((text) => text.replace(/[\p{Cc}\s]+/gu, ' ').trim())
    .pipe(
      z
        .string()
        .min(3, 'the explanation is empty')
        .max(MAX_CHARACTERS, `the explanation has more than ${MAX_CHARACTERS} characters`)
        .regex(/\p{L}/u, 'the explanation has no words')
        .regex(/^[^«»]*$/, 'the explanation holds the marks « »'),
    ),
});

/**
 * The paper's explainer (Paulo et al. 2024, §3.2; method.md §4.1–4.2): train windows with the firing tokens marked and
 * their strengths listed, one phrase back. An answer that cannot be used is asked for once more, then the latent has
 * no explanation from this model: a failed answer is never kept as if it were one.
 *
 * @param prompt `explainPrompt(windows)`, rendered by the caller who keys his rows by its hash
 * @throws what `ChatClient.chat` throws when a setting must be changed first, or the signal aborts
 */
export async function explainLatent(
  chat: ChatClient,
  { windows, prompt }: { windows: readonly Example[]; prompt: readonly ChatMessage[] },
  parameters: ExplainParameters,
  signal?: AbortSignal,
): Promise<ExplainOutcome> {
  const replies: ChatReply[] = [];
  const reasons: string[] = [];
  let messages = prompt;
  while (replies.length < 2) {
    let reply: ChatReply;
    try {
      reply = await chat.chat({ messages, ...parameters, schema: { name: 'explanation', schema: answerSchema }, ...(signal && { signal }) });
    } catch (error) {
      if (isAppError(error) && error.code === 'upstream_failed' && error.field === undefined) return { kind: 'upstream', error };
      throw error;
    }
    replies.push(reply);
    const answer = readAnswer(reply, explanationSchema);
    if (answer.ok) return { kind: 'explained', text: answer.value.explanation, provenance: provenanceOf(chat, windows, prompt, parameters, replies) };
    reasons.push(answer.reason);
    messages = correctionPrompt(prompt, reply.text, answer.reason);
  }
  return { kind: 'bad_answer', reasons, usage: usageOf(replies) };
}

function provenanceOf(
  chat: ChatClient,
  windows: readonly Example[],
  prompt: readonly ChatMessage[],
  parameters: ExplainParameters,
  replies: readonly ChatReply[],
): ExplainProvenance {
  const last = replies.at(-1) as ChatReply;
  return {
    template: EXPLAIN_TEMPLATE,
    promptHash: promptHash(prompt),
    windows: windows.map(({ row, start }) => [row, start]),
    model: chat.model,
    endpoint: chat.endpoint,
    maxTokens: parameters.maxTokens,
    temperature: last.temperature,
    structured: last.structured,
    ...usageOf(replies),
  };
}
