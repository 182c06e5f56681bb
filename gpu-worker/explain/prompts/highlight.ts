import type { Example } from '#lib/example/schema.ts';
import { joinTokens, type JoinedToken } from '#lib/token/join.ts';
import { oneLine } from '#gpu-worker/llm/prompt-text.ts';

/** Strongest tokens listed per window: more would drown the text. */
const MAX_LISTED = 10;

export interface Marked {
  /** The window on one line, each run of marked tokens between « and ». */
  text: string;
  /** Marked tokens in order of place, the ten strongest, with their strength from 1 to 10. */
  listed: readonly { token: string; strength: number }[];
}

/**
 * Marks where a latent fires in a window. Strength is ⌈10 a / peak⌉, so that whatever fires is at least 1.
 *
 * @param peak the latent's largest activation among the windows shown; > 0
 * @param threshold a token is marked above this share of its own window's maximum (method.md §4.1)
 */
export function highlight(example: Pick<Example, 'tokens' | 'activations' | 'maxActivation'>, peak: number, threshold: number): Marked {
  const floor = threshold * example.maxActivation;
  const pieces = joinTokens(example.tokens, example.activations);
  const isMarked = (piece: JoinedToken | undefined): boolean => piece !== undefined && piece.activation > floor;
  let text = '';
  for (const [i, piece] of pieces.entries()) {
    // A space belongs outside the mark: «tax» reads better than « tax», and costs a token less.
    const space = isMarked(piece) && !isMarked(pieces[i - 1]) ? (/^ +(?=\S)/.exec(piece.text)?.[0] ?? '') : '';
    text += space;
    if (isMarked(piece) && !isMarked(pieces[i - 1])) text += '«';
    text += withoutMarks(piece.text.slice(space.length));
    if (isMarked(piece) && !isMarked(pieces[i + 1])) text += '»';
  }
  const strongest = pieces
    .filter(isMarked)
    .sort((a, b) => b.activation - a.activation || a.index - b.index)
    .slice(0, MAX_LISTED)
    .sort((a, b) => a.index - b.index);
  return {
    text: oneLine(text),
    listed: strongest.map((piece) => ({
      token: oneLine(withoutMarks(piece.text)) || ' ',
      strength: Math.min(10, Math.max(1, Math.ceil((10 * piece.activation) / peak))),
    })),
  };
}

/** French quotation marks of the corpus must not pass for ours. */
function withoutMarks(text: string): string {
  return text.replaceAll('«', '“').replaceAll('»', '”');
}
