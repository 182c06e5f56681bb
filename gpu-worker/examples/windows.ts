import { AppError } from '#lib/errors/app-error.ts';
import type { Split } from '#lib/example/schema.ts';
import type { LatentActivations, StoredRows } from '#gpu-worker/activations/store/types.ts';

/** What windows need to know of rows, all of it in memory; a data set and a store's rows both have it. */
export type RowLayout = Pick<StoredRows, 'rows' | 'rowLength' | 'documents' | 'document' | 'length'>;

/** The place of a window's first token: row · rowLength + start. With the length, the window's id over all rows. */
export type Origin = number;

export interface WindowShape {
  /** Tokens in a window. */
  length: number;
  placement: 'tiled' | 'centred';
}

/** A window with the latent's strongest activation in it. */
export interface ActivatingWindow {
  origin: Origin;
  max: number;
  /** Index range of its activations in the latent's arrays. */
  from: number;
  to: number;
}

/** Throws AppError 'bad_request' unless rows are a whole number of windows long. */
export function checkWindowLength({ rowLength }: Pick<RowLayout, 'rowLength'>, length: number): void {
  if (!Number.isInteger(length) || length < 1 || rowLength % length !== 0)
    throw new AppError('bad_request', `Windows of ${length} tokens do not divide rows of ${rowLength}; give a divisor of ${rowLength}.`, {
      field: 'window-length',
    });
}

/** Whether every token of the window is one of its row that counts; one that reaches into padding is never sampled. */
export function isWhole({ rowLength, length: counted }: RowLayout, origin: Origin, length: number): boolean {
  return (origin % rowLength) + length <= counted[Math.floor(origin / rowLength)]!;
}

/** Origins of all whole tiles of one side, or of all rows, ascending. */
export function tilesOf(layout: RowLayout, length: number, split: Split | null): Uint32Array {
  const out: number[] = [];
  for (let row = 0; row < layout.rows; row++) {
    if (split !== null && sideOf(layout, row * layout.rowLength) !== split) continue;
    const end = row * layout.rowLength + layout.length[row]!;
    for (let origin = row * layout.rowLength; origin + length <= end; origin += length) out.push(origin);
  }
  return Uint32Array.from(out);
}

/** The whole tile of a window's row that shares most tokens with it: the window itself where it is one. */
export function tileNear({ rowLength, length: counted }: RowLayout, origin: Origin, length: number): Origin {
  const row = Math.floor(origin / rowLength);
  const last = Math.floor(counted[row]! / length) - 1;
  return row * rowLength + length * Math.max(0, Math.min(last, Math.round((origin % rowLength) / length)));
}

/** Index of the document that a window lies in: rows hold one document each, and windows lie in one row. */
export const documentOf = ({ document, rowLength }: RowLayout, origin: Origin): number => document[Math.floor(origin / rowLength)]!;

/** The side of a window's document. */
export const sideOf = (layout: RowLayout, origin: Origin): Split => layout.documents[documentOf(layout, origin)]!.split;

/**
 * The whole windows in which a latent fires, in order of origin (method.md §3.1, §3.2). Tiled: one for each tile of a
 * row. Centred: the activations of a row, strongest first and the earlier of equals, each give the window in which they
 * lie at ¾ of its length, moved by as little as keeps it among the row's own tokens, unless it holds a stronger
 * activation or shares a token with a window taken before. Nothing is lost at the ends of rows, no token is in two
 * windows, and each window's activations are those at its own tokens.
 */
export function activatingWindows(layout: RowLayout, latent: Pick<LatentActivations, 'place' | 'value'>, { length, placement }: WindowShape): ActivatingWindow[] {
  return placement === 'tiled' ? tiledWindows(layout, latent, length) : centredWindows(layout, latent, length);
}

function tiledWindows(layout: RowLayout, { place, value }: Pick<LatentActivations, 'place' | 'value'>, length: number): ActivatingWindow[] {
  const out: ActivatingWindow[] = [];
  for (let from = 0; from < place.length;) {
    // Rows are whole numbers of windows long, so places divide into windows without regard to rows.
    const origin = place[from]! - (place[from]! % length);
    let to = from;
    let max = -Infinity;
    while (to < place.length && place[to]! < origin + length) max = Math.max(max, value[to++]!);
    if (isWhole(layout, origin, length)) out.push({ origin, max, from, to });
    from = to;
  }
  return out;
}

function centredWindows(layout: RowLayout, { place, value }: Pick<LatentActivations, 'place' | 'value'>, length: number): ActivatingWindow[] {
  const { rowLength } = layout;
  const before = length - Math.floor(length / 4);
  const out: ActivatingWindow[] = [];
  for (let first = 0, end = 0; first < place.length; first = end) {
    const row = Math.floor(place[first]! / rowLength);
    while (end < place.length && place[end]! < (row + 1) * rowLength) end++;
    const last = row * rowLength + layout.length[row]! - length;
    if (last < row * rowLength) continue;
    const order = Array.from({ length: end - first }, (_, i) => first + i).sort((a, b) => value[b]! - value[a]! || a - b);
    const taken: ActivatingWindow[] = [];
    for (const peak of order) {
      const origin = Math.max(row * rowLength, Math.min(last, place[peak]! - Math.min(before, length - 1)));
      // An activation in the row's padding is none of its tokens.
      if (place[peak]! >= origin + length || taken.some((other) => Math.abs(other.origin - origin) < length)) continue;
      let [from, to] = [peak, peak + 1];
      while (from > first && place[from - 1]! >= origin) from--;
      while (to < end && place[to]! < origin + length) to++;
      let highest = true;
      for (let i = from; i < to; i++) if (value[i]! > value[peak]!) highest = false;
      if (highest) taken.push({ origin, max: value[peak]!, from, to });
    }
    out.push(...taken.sort((a, b) => a.origin - b.origin));
  }
  return out;
}
