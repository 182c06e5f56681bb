import { oneLine } from '#gpu-worker/llm/prompt-text.ts';
import { SURPRISAL_SHOTS } from './shots.ts';

/** Raised when any word of the prompt or of the worked examples changes. */
export const SURPRISAL_TEMPLATE = 'surprisal-1';

/** What the passages are said to have in common where nothing is said of them. */
export const BLANK_DESCRIPTION = 'Passages of all kinds, which have nothing in common';

/** Stands before a description's passages; what a prompt is read for begins with its last. */
export const PASSAGES = '\nPassages:\n';

/** The same for every latent, so that it is read once. */
const STATIC_PART = [
  'Each description says what the passages below it have in common. They are cut from longer texts.',
  ...SURPRISAL_SHOTS.map(({ description, passages }) => block(description, passages.join('\n'))),
].join('\n\n');

function block(description: string, passages: string): string {
  return `Description: ${description}${PASSAGES}${passages}`;
}

/**
 * A text that ends in a window, which a model is read on: how likely does it find the window after the description? The
 * window comes last, so that all windows of an exam share what stands before.
 *
 * @param text a window on one line (`windowText`)
 */
export function surprisalPrompt(description: string, text: string): string {
  return `${STATIC_PART}\n\n${block(oneLine(description), text)}`;
}

/**
 * Of the prompt's tokens, given by their texts, the index of the window's first: the token that holds its first letter,
 * which may begin with the line break before it. Null where the tokens do not spell the prompt.
 */
export function windowBegins(tokens: readonly string[]): number | null {
  const head = tokens.join('').lastIndexOf(PASSAGES);
  if (head < 0) return null;
  // A window is one line, so that it cannot hold the heading itself.
  const begins = head + PASSAGES.length;
  let end = 0;
  for (const [index, token] of tokens.entries()) {
    end += token.length;
    if (end > begins) return index;
  }
  return null;
}
