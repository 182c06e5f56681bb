import type { Example } from '#lib/example/schema.ts';
import { joinTokens, type JoinedToken } from '#lib/token/join.ts';
import { oneLine } from '#gpu-worker/llm/prompt-text.ts';

/** A run of marked pieces of a window. */
export interface Span {
  /** Index of its first piece, and how many it has. */
  start: number;
  length: number;
}

/** The runs of pieces in which the latent fires above a share of the window's maximum. */
export function firingSpans({ tokens, activations, maxActivation }: Pick<Example, 'tokens' | 'activations' | 'maxActivation'>, threshold: number): Span[] {
  const spans: Span[] = [];
  for (const [i, { activation }] of joinTokens(tokens, activations).entries()) {
    if (!(activation > threshold * maxActivation)) continue;
    const last = spans.at(-1);
    if (last !== undefined && last.start + last.length === i) last.length++;
    else spans.push({ start: i, length: 1 });
  }
  return spans;
}

/** A window on one line with each span between « and »; the corpus's own marks of that kind become “ and ”. */
export function markedText(pieces: readonly JoinedToken[], spans: readonly Span[]): string {
  const opens = new Set(spans.map(({ start }) => start));
  const closes = new Set(spans.map(({ start, length }) => start + length - 1));
  let text = '';
  for (const [i, piece] of pieces.entries()) {
    // A space belongs outside the mark, as explanations' windows have it.
    const space = opens.has(i) ? (/^ +(?=\S)/.exec(piece.text)?.[0] ?? '') : '';
    text += `${space}${opens.has(i) ? '«' : ''}${piece.text.slice(space.length).replaceAll('«', '“').replaceAll('»', '”')}${closes.has(i) ? '»' : ''}`;
  }
  return oneLine(text);
}

/** The tokens that some spans of pieces hold. */
export function markedTokens(pieces: readonly JoinedToken[], spans: readonly Span[]): number[] {
  return spans.flatMap(({ start, length }) =>
    pieces.slice(start, start + length).flatMap(({ index, count }) => Array.from({ length: count }, (_, i) => index + i)),
  );
}
