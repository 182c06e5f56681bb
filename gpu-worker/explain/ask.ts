import type { AppError } from '#lib/errors/app-error.ts';
import type { Example } from '#lib/example/schema.ts';
import type { ChatClient, ChatReply } from '#gpu-worker/llm/chat-client.ts';
import { readAnswer } from '#gpu-worker/llm/read-answer.ts';
import { isUnanswered } from '#gpu-worker/llm/unanswered.ts';
import { usageOf } from '#gpu-worker/llm/usage.ts';
import { requireTool } from './require-tool.ts';
import type { CallRecord, ExplainOutcome, ExplainSettings, ExplainTools, Prepared, WindowId } from './explainer.ts';
import { ANSWER_FORM, phraseSchema, REASONED_FORM, reasonedPhraseSchema } from './prompts/phrase.ts';
import { correctionPrompt, hashesOf, messagesOf, type Prompt } from './prompts/prompt.ts';

/** The phrase takes 40 tokens; the rest is for a thinking model's own notes. Asked-for notes get as much again. */
const MAX_TOKENS = 500;
const MAX_REASONED_TOKENS = 1000;

export interface AskParameters {
  temperature: number;
  /** For the endpoint's draw, where it takes one. */
  seed?: number;
  /** What calls and money are summed by. */
  purpose: string;
}

export type Phrase =
  | { kind: 'phrase'; text: string; replies: ChatReply[] }
  | { kind: 'bad_answer'; reasons: string[]; replies: ChatReply[] }
  | { kind: 'upstream'; error: AppError; replies: ChatReply[] };

export const maxTokensOf = ({ reasoning }: Pick<Prompt, 'reasoning'>): number => (reasoning ? MAX_REASONED_TOKENS : MAX_TOKENS);

/**
 * Asks for one phrase; an answer that cannot be used is asked for once more, with the reason.
 *
 * @throws what `ChatClient.chat` throws when a setting must be changed first, or the signal aborts
 */
export async function askForPhrase(
  chat: ChatClient,
  prompt: Prompt,
  { temperature, seed, purpose }: AskParameters,
  { cache, signal }: { cache: ExplainTools['cache']; signal?: AbortSignal },
): Promise<Phrase> {
  const replies: ChatReply[] = [];
  const reasons: string[] = [];
  const [form, accepted] = prompt.reasoning ? [REASONED_FORM, reasonedPhraseSchema] : [ANSWER_FORM, phraseSchema];
  let messages = messagesOf(prompt);
  while (replies.length < 2) {
    let reply: ChatReply;
    try {
      reply = await chat.chat({
        messages,
        maxTokens: maxTokensOf(prompt),
        temperature,
        schema: { name: 'explanation', schema: form },
        ...(seed !== undefined && { seed }),
        purpose,
        cache,
        ...(signal && { signal }),
      });
    } catch (error) {
      if (isUnanswered(error)) return { kind: 'upstream', error, replies };
      throw error;
    }
    replies.push(reply);
    const answer = readAnswer(reply, accepted);
    if (answer.ok) return { kind: 'phrase', text: answer.value.explanation, replies };
    reasons.push(answer.reason);
    messages = correctionPrompt(prompt, reply.text, answer.reason);
  }
  return { kind: 'bad_answer', reasons, replies };
}

/** What is kept of some calls, the one whose answer was taken last. `maxTokens` is the largest of theirs. */
export function callRecord(chat: ChatClient, maxTokens: number, replies: readonly ChatReply[]): CallRecord {
  return {
    model: chat.model,
    endpoint: chat.endpoint,
    maxTokens,
    temperature: replies.at(-1)?.temperature ?? null,
    structured: replies.length > 0 && replies.every(({ structured }) => structured),
    ...usageOf(replies),
    raw: replies.flatMap(({ rawKey }) => (rawKey === null ? [] : [rawKey])),
  };
}

export const windowIds = (windows: readonly Example[]): WindowId[] => windows.map(({ row, start }) => [row, start]);

/** The question of a method that asks once: one prompt, one phrase. */
export function askOnce(
  prompt: Prompt,
  { method, firing, silent = [] }: { method: string; firing: readonly Example[]; silent?: readonly Example[] },
  { seed, temperature }: ExplainSettings,
): Prepared {
  const hashes = hashesOf(prompt);
  const maxTokens = maxTokensOf(prompt);
  return {
    kind: 'prepared',
    key: { prompt: hashes.promptHash, temperature, maxTokens },
    shown: [...firing, ...silent],
    async explain(tools, signal): Promise<ExplainOutcome> {
      const chat = requireTool(tools.chat, method);
      const answer = await askForPhrase(chat, prompt, { temperature, purpose: `explain.${method}` }, { cache: tools.cache, ...(signal && { signal }) });
      if (answer.kind === 'upstream') return { kind: 'upstream', error: answer.error };
      if (answer.kind === 'bad_answer') return badAnswer(answer.reasons, answer.replies);
      return {
        kind: 'explained',
        text: answer.text,
        provenance: {
          ...hashes,
          windows: windowIds(firing),
          ...(silent.length > 0 && { silentWindows: windowIds(silent) }),
          seed,
          ...callRecord(chat, maxTokens, answer.replies),
        },
      };
    },
  };
}

export function badAnswer(reasons: string[], replies: readonly ChatReply[]): ExplainOutcome {
  return { kind: 'bad_answer', reasons, usage: usageOf(replies), raw: replies.flatMap(({ rawKey }) => (rawKey === null ? [] : [rawKey])) };
}
