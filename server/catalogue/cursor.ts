import { z } from 'zod';
import type { LATENT_SORTS } from '#lib/catalogue/schema.ts';
import { AppError } from '#lib/errors/app-error.ts';

export type LatentSort = (typeof LATENT_SORTS)[number];

/** Where a page of latents ended: the sort, its direction, the last row's sort value (null: unscored) and its index. */
export interface LatentCursor {
  sort: LatentSort;
  order: 'asc' | 'desc';
  value: number | null;
  index: number;
}

const SORT_LETTERS = { index: 'i', score: 's', frequency: 'f', max_activation: 'm' } as const satisfies Record<LatentSort, string>;
const cursorSchema = z.tuple([z.enum(SORT_LETTERS), z.enum(['asc', 'desc']), z.number().nullable(), z.number().int().min(0)]);

/** An opaque, URL-safe text. Values are JSON numbers, which give back the very same float64. */
export function encodeCursor(cursor: LatentCursor): string {
  return Buffer.from(JSON.stringify([SORT_LETTERS[cursor.sort], cursor.order, cursor.value, cursor.index])).toString('base64url');
}

/** Throws AppError `bad_request` for a text that is no cursor, or one of another order. */
export function decodeCursor(text: string, sort: LatentSort, order: 'asc' | 'desc'): LatentCursor {
  const parsed = cursorSchema.safeParse(parseJson(Buffer.from(text, 'base64url').toString('utf8')));
  if (!parsed.success) throw new AppError('bad_request', 'This cursor is damaged: begin again without one.', { field: 'cursor' });
  const [letter, itsOrder, value, index] = parsed.data;
  if (letter !== SORT_LETTERS[sort] || itsOrder !== order || !fits(sort, value)) {
    throw new AppError('bad_request', 'This cursor belongs to another order of the list: begin again without one.', { field: 'cursor' });
  }
  return { sort, order, value, index };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is one way of not being a cursor; the schema refuses undefined.
    return undefined;
  }
}

function fits(sort: LatentSort, value: number | null): boolean {
  if (sort === 'score') return true;
  return (value === null) === (sort === 'index');
}
