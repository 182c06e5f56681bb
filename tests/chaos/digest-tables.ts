import { createHash } from 'node:crypto';
import type { Pool } from 'pg';

/** How many rows a query gives, and a hash of them. */
export interface Digest {
  rows: number;
  hash: string;
}

/** Digests by name; queries must leave out what differs from run to run (ids, times) and give an order. */
export async function digestTables(pool: Pool, queries: Readonly<Record<string, string>>): Promise<Record<string, Digest>> {
  const out: Record<string, Digest> = {};
  for (const [name, sql] of Object.entries(queries)) {
    const { rows } = await pool.query<Record<string, unknown>>(sql);
    out[name] = { rows: rows.length, hash: createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, 16) };
  }
  return out;
}

/** Prints each table beside what it is after the kills. Nothing equals nothing: an empty table would pass and show nothing. */
export function printComparison(undisturbed: Readonly<Record<string, Digest>>, disturbed: Readonly<Record<string, Digest>>): boolean {
  let equal = true;
  for (const [table, digest] of Object.entries(undisturbed)) {
    const after = disturbed[table] as Digest;
    const same = after.hash === digest.hash;
    equal &&= same && digest.rows > 0;
    const verdict = digest.rows === 0 ? 'BUT it should hold some: read more tokens' : same ? 'the same after the kills' : `BUT ${shown(after)} after the kills`;
    process.stdout.write(`${table.padEnd(15)} ${shown(digest)} ${verdict}\n`);
  }
  return equal;
}

const shown = ({ rows, hash }: Digest): string => `${rows} rows ${hash}`;
