import type { Pool } from 'pg';
import { z } from 'zod';
import { type LatentListInput, latentRowSchema } from '#lib/catalogue/schema.ts';
import { decodeCursor, encodeCursor, type LatentCursor, type LatentSort } from './cursor.ts';
import { findCoder } from './find.ts';
import { HEADLINE_SCORE, LATENT_COLUMNS, type LatentDbRow, toLatentRow } from './rows.ts';

export const latentPageSchema = z.object({ latents: z.array(latentRowSchema), nextCursor: z.string().nullable() });
export type LatentPage = z.infer<typeof latentPageSchema>;

const COLUMN = { index: 'l.index', score: 'l.headline_score_lower', frequency: 'l.frequency', max_activation: 'l.max_activation' } as const;

/** Which way equal values go on by index: as the column's database index has them, so that every order is one range of it. */
const TIE_ORDER = {
  index: { asc: 'asc', desc: 'desc' },
  score: { asc: 'desc', desc: 'asc' },
  frequency: { asc: 'asc', desc: 'desc' },
  max_activation: { asc: 'asc', desc: 'desc' },
} as const;

type Row = LatentDbRow & { sort_value: number | null };

/**
 * A page of a coder's latents. Paging is by key, not by offset: a page costs the same wherever it is, and every latent
 * that stays as it is appears exactly once, also when others change between two pages. Unscored latents come last in
 * both directions of `score`.
 * Throws AppError `not_found` for an unknown model or coder, `bad_request` for a cursor of another order.
 */
export async function listLatents(pool: Pool, input: LatentListInput): Promise<LatentPage> {
  const place = await findCoder(pool, input.model, input.coder);
  const cursor = input.cursor === undefined ? null : decodeCursor(input.cursor, input.sort, input.order);
  const wanted = input.limit + 1;
  const rows: Row[] = [];
  for (const part of partsOf(input.sort, cursor)) {
    if (rows.length >= wanted) break;
    const after = part === partOf(cursor, input.sort) ? cursor : null;
    const { text, values } = statement(place.coderId, input, part, after, wanted - rows.length);
    rows.push(...(await pool.query<Row>(text, values)).rows);
  }
  const page = rows.slice(0, input.limit);
  const last = page.at(-1);
  const more = rows.length > input.limit && last !== undefined;
  return {
    latents: page.map((row) => toLatentRow(input.model, input.coder, row)),
    nextCursor: more ? encodeCursor({ sort: input.sort, order: input.order, value: input.sort === 'index' ? null : last.sort_value, index: last.index }) : null,
  };
}

/** Sorting by score is two lists, one after the other: those with a score and those without. */
type Part = 'all' | 'scored' | 'unscored';

function partsOf(sort: LatentSort, cursor: LatentCursor | null): Part[] {
  if (sort !== 'score') return ['all'];
  return partOf(cursor, sort) === 'unscored' ? ['unscored'] : ['scored', 'unscored'];
}

function partOf(cursor: LatentCursor | null, sort: LatentSort): Part {
  if (sort !== 'score') return 'all';
  return cursor !== null && cursor.value === null ? 'unscored' : 'scored';
}

function statement(coderId: string, input: LatentListInput, part: Part, after: LatentCursor | null, limit: number): { text: string; values: unknown[] } {
  const values: unknown[] = [coderId];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const where = ['l.coder_id = $1'];
  if (input.status !== undefined) where.push(`l.status = ${bind(input.status)}::latent_status`);
  if (input.minScore !== undefined) where.push(`l.headline_score_lower >= ${bind(input.minScore)}`);
  if (input.minFrequency !== undefined) where.push(`l.frequency >= ${bind(input.minFrequency)}`);
  if (input.maxFrequency !== undefined) where.push(`l.frequency <= ${bind(input.maxFrequency)}`);
  if (input.minActivation !== undefined) where.push(`l.max_activation >= ${bind(input.minActivation)}`);
  if (part !== 'all') where.push(`l.headline_score_lower is ${part === 'scored' ? 'not ' : ''}null`);

  const column = COLUMN[input.sort];
  const tie = TIE_ORDER[input.sort][input.order];
  const single = input.sort === 'index' || part === 'unscored';
  if (after !== null) {
    const beyond = (direction: 'asc' | 'desc'): string => (direction === 'asc' ? '>' : '<');
    const index = bind(after.index);
    if (single) {
      where.push(`l.index ${beyond(tie)} ${index}`);
    } else {
      const value = bind(after.value);
      // The first condition alone bounds the scan; the second cuts off ties already shown.
      where.push(`${column} ${beyond(input.order)}= ${value}::float8`);
      where.push(`(${column} <> ${value}::float8 or l.index ${beyond(tie)} ${index})`);
    }
  }
  const order = single ? `l.index ${tie}` : `${column} ${input.order}, l.index ${tie}`;
  return {
    text: `select ${LATENT_COLUMNS}, ${column}::float8 as sort_value from latents l ${HEADLINE_SCORE}
      where ${where.join(' and ')} order by ${order} limit ${bind(limit)}`,
    values,
  };
}
