import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';

/** Fewer than English has (four and more), so that limits and budgets are kept to rather than overshot. */
const CHARACTERS_PER_TOKEN = 3.5;
/** What a chat template puts around a message. */
const TOKENS_PER_MESSAGE = 5;

export function charactersOf(messages: readonly Pick<ChatMessage, 'content'>[]): number {
  return messages.reduce((sum, { content }) => sum + content.length, 0);
}

/** From here on Unicode has no Latin letters any more: of other scripts a character takes up to a token, or a little more. */
const FIRST_BEYOND_LATIN = 0x250;

/** A guess, rather too high, at the tokens of a prompt, without the model's tokenizer. */
export function guessTokens(messages: readonly Pick<ChatMessage, 'content'>[]): number {
  let beyond = 0;
  for (const { content } of messages) for (let i = 0; i < content.length; i++) if (content.charCodeAt(i) >= FIRST_BEYOND_LATIN) beyond++;
  return Math.ceil((charactersOf(messages) - beyond) / CHARACTERS_PER_TOKEN) + beyond + TOKENS_PER_MESSAGE * messages.length;
}
