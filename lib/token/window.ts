import type { Example } from '#lib/example/schema.ts';
import { joinTokens, type JoinedToken } from './join.ts';

/** A window laid out as a line: what comes before the centre, the centre, what follows. */
export interface CentredLine {
  before: JoinedToken[];
  centre: JoinedToken;
  after: JoinedToken[];
}

/**
 * Lays a window out around its strongest token, or, where nothing fires, around its middle.
 * Returns null for a window without tokens.
 */
export function centredLine(example: Pick<Example, 'tokens' | 'activations' | 'maxIndex'>): CentredLine | null {
  const pieces = joinTokens(example.tokens, example.activations);
  const target = example.maxIndex ?? Math.floor(example.tokens.length / 2);
  const centre = pieces.findIndex((piece) => target >= piece.index && target < piece.index + piece.count);
  const piece = pieces[centre];
  return piece === undefined ? null : { before: pieces.slice(0, centre), centre: piece, after: pieces.slice(centre + 1) };
}
