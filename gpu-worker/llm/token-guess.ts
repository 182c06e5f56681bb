import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';

/** Fewer than English has (four and more), so that limits and budgets are kept to rather than overshot. */
const CHARACTERS_PER_TOKEN = 3.5;
/** What a chat template puts around a message. */
const TOKENS_PER_MESSAGE = 5;

export function charactersOf(messages: readonly Pick<ChatMessage, 'content'>[]): number {
  return messages.reduce((sum, { content }) => sum + content.length, 0);
}

/** A guess, rather too high, at the tokens of a prompt, without the model's tokenizer. */
export function guessTokens(messages: readonly Pick<ChatMessage, 'content'>[]): number {
  return Math.ceil(charactersOf(messages) / CHARACTERS_PER_TOKEN) + TOKENS_PER_MESSAGE * messages.length;
}
