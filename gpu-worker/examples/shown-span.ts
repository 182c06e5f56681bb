import { ATLAS_PROTOCOL } from '#lib/example/protocol.ts';
import type { Origin, RowLayout } from './windows.ts';

type Rows = Pick<RowLayout, 'rowLength'>;

/** Where a window's text begins and ends in its row: rows of text begin with BOS, which is not shown. `length`: tokens in a window. */
export function shownSpan({ rowLength }: Rows, origin: Origin, length: number = ATLAS_PROTOCOL.windowLength): { row: number; start: number; end: number } {
  const start = origin % rowLength;
  return { row: Math.floor(origin / rowLength), start: Math.max(1, start), end: start + length };
}

/** The window that is shown as these tokens from `start` in its row: `shownSpan` backwards. */
export function originOf(
  { rowLength }: Rows,
  shown: { row: number; start: number; tokens: { length: number } },
  length: number = ATLAS_PROTOCOL.windowLength,
): Origin {
  return shown.row * rowLength + shown.start - (length - shown.tokens.length);
}
