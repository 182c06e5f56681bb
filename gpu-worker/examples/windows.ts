import type { Split } from '#lib/example/schema.ts';
import type { LatentActivations } from '#gpu-worker/activations/store/types.ts';
import { splitOf, type DataSet } from '#gpu-worker/activations/data-set.ts';

/** Tokens in a window; windows tile each row without overlap (method.md §3.1). */
export const WINDOW_LENGTH = 32;

/** A window's number over the whole data set: row · windowsPerRow + position ÷ 32. */
export type WindowId = number;

export const windowsPerRow = (data: DataSet): number => data.rowLength / WINDOW_LENGTH;

/** Whether every token of the window counts; one that reaches into padding is never sampled. */
export function isWhole(data: DataSet, window: WindowId): boolean {
  const perRow = windowsPerRow(data);
  return ((window % perRow) + 1) * WINDOW_LENGTH <= (data.length[Math.floor(window / perRow)] as number);
}

/** All whole windows of one side, in order. */
export function windowsOf(data: DataSet, split: Split): Uint32Array {
  const perRow = windowsPerRow(data);
  const out: number[] = [];
  for (let row = 0; row < data.rows; row++) {
    if (splitOf(data, row) !== split) continue;
    for (let i = 0; i < perRow; i++) if (isWhole(data, row * perRow + i)) out.push(row * perRow + i);
  }
  return Uint32Array.from(out);
}

/** Index of the document that a window lies in. */
export const documentOf = (data: DataSet, window: WindowId): number => data.document[Math.floor(window / windowsPerRow(data))] as number;

/** Where a window's text begins: its first token that is not BOS. */
export function windowSpan(data: DataSet, window: WindowId): { row: number; start: number; end: number } {
  const perRow = windowsPerRow(data);
  const start = (window % perRow) * WINDOW_LENGTH;
  return { row: Math.floor(window / perRow), start: Math.max(1, start), end: start + WINDOW_LENGTH };
}

/** A window with the latent's strongest activation in it. */
export interface ActivatingWindow {
  window: WindowId;
  max: number;
  /** Index range of its activations in the latent's arrays. */
  from: number;
  to: number;
}

/** The whole windows in which a latent fires, one entry each, in order of place. */
export function activatingWindows(data: DataSet, latent: LatentActivations): ActivatingWindow[] {
  const out: ActivatingWindow[] = [];
  const { place, value } = latent;
  for (let from = 0; from < place.length;) {
    // Rows are whole numbers of windows long, so places divide into windows without regard to rows.
    const window = Math.floor((place[from] as number) / WINDOW_LENGTH);
    let to = from;
    let max = 0;
    while (to < place.length && Math.floor((place[to] as number) / WINDOW_LENGTH) === window) {
      max = Math.max(max, value[to] as number);
      to++;
    }
    if (isWhole(data, window)) out.push({ window, max, from, to });
    from = to;
  }
  return out;
}
