import { AppError } from '#lib/errors/app-error.ts';

/** Where text lies and what of it is meant. */
export interface TextSpec {
  /** A file or folder here, `npm:<package>`, or `hf:org/name[@revision][:path]`. */
  place: string;
  /** The column of JSON lines or Parquet that holds the document; the usual ones are tried when null. */
  column: string | null;
  /** Only files with this word in their path (`train`, `validation`), as data sets are laid out. */
  split: string | null;
}

const PARAMETERS = new Set(['column', 'split']);

/** Reads `place[?column=…&split=…]`. Throws AppError 'bad_request' for another parameter. */
export function parseTextSpec(location: string): TextSpec {
  const cut = location.lastIndexOf('?');
  if (cut < 0) return { place: location, column: null, split: null };
  const parameters = new URLSearchParams(location.slice(cut + 1));
  for (const name of parameters.keys()) {
    if (!PARAMETERS.has(name)) throw new AppError('bad_request', `${location}: a text takes the parameters column and split, not ${name}.`, { field: 'text' });
  }
  return { place: location.slice(0, cut), column: parameters.get('column') || null, split: parameters.get('split') || null };
}

/** The spec as a location again. */
export function formatTextSpec({ place, column, split }: TextSpec): string {
  const parameters = new URLSearchParams({ ...(column === null ? {} : { column }), ...(split === null ? {} : { split }) });
  return parameters.size === 0 ? place : `${place}?${parameters.toString()}`;
}

/** Whether a path belongs to a split: the word stands in it between separators (`data/train-00000-of-00002.parquet`). */
export function inSplit(path: string, split: string | null): boolean {
  return split === null || path.split(/[/\\._-]/).includes(split);
}

const READABLE = /\.(?:txt|jsonl|ndjson|parquet)(?:\.gz|\.zst)?$/;

/** Whether a file's name says that it holds text that can be read. */
export const isTextFile = (name: string): boolean => READABLE.test(name) && !/\.parquet\.(?:gz|zst)$/.test(name);
