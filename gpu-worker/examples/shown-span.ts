import { ATLAS_PROTOCOL } from '#lib/example/protocol.ts';
import type { Origin, RowLayout } from './windows.ts';

/** Where a window's text begins and ends in its row: rows of text begin with BOS, which is not shown. */
export function shownSpan({ rowLength }: Pick<RowLayout, 'rowLength'>, origin: Origin): { row: number; start: number; end: number } {
  const start = origin % rowLength;
  return { row: Math.floor(origin / rowLength), start: Math.max(1, start), end: start + ATLAS_PROTOCOL.windowLength };
}

/** The tile that is shown from `start` in its row. */
export function originOf({ rowLength }: Pick<RowLayout, 'rowLength'>, row: number, start: number): Origin {
  return row * rowLength + start - (start % ATLAS_PROTOCOL.windowLength);
}
