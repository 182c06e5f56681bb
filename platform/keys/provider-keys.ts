import type { Pool } from 'pg';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { seal, unseal } from './seal.ts';

/** What may be said of a stored key; the key itself is never returned but to the call that uses it. */
export interface ProviderKeyView {
  /** Host of the endpoint it opens, as `LLM_BASE_URL` names it. */
  name: string;
  /** Its last four characters. */
  hint: string;
  updatedAt: Date;
}

const nameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]*(:\d{1,5})?$/, 'must be the host of an endpoint, such as api.openai.com or localhost:8000, without https:// and path');
const keySchema = z
  .string()
  .regex(/^[\x21-\x7e]+$/, 'has spaces or characters that no header takes')
  .min(8, 'has fewer than 8 characters')
  .max(4096, 'has more than 4,096 characters');

/** Stores a key, in place of the one before. Throws AppError `bad_request`, which never quotes the key. */
export async function setProviderKey(pool: Pool, secret: string, name: string, key: string): Promise<void> {
  const host = nameSchema.safeParse(name);
  if (!host.success) throw new AppError('bad_request', `The name ${host.error.issues[0]?.message}.`, { field: 'name' });
  const given = keySchema.safeParse(key);
  if (!given.success) throw new AppError('bad_request', `The key ${given.error.issues[0]?.message}.`, { field: 'key' });
  await pool.query(
    `INSERT INTO provider_keys (name, sealed, hint) VALUES ($1, $2, $3)
     ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed, hint = excluded.hint, updated_at = now()`,
    [host.data, seal(secret, host.data, given.data), given.data.slice(-4)],
  );
}

export async function listProviderKeys(pool: Pool): Promise<ProviderKeyView[]> {
  const { rows } = await pool.query<ProviderKeyView>('SELECT name, hint, updated_at AS "updatedAt" FROM provider_keys ORDER BY name');
  return rows;
}

/** Whether there was one of that name. */
export async function removeProviderKey(pool: Pool, name: string): Promise<boolean> {
  return (await pool.query('DELETE FROM provider_keys WHERE name = $1', [name])).rowCount === 1;
}

/** The key itself, for the header of a call; null where none is stored. Throws AppError `corrupt_file` as `unseal` does. */
export async function readProviderKey(pool: Pool, secret: string, name: string): Promise<string | null> {
  const { rows } = await pool.query<{ sealed: Buffer }>('SELECT sealed FROM provider_keys WHERE name = $1', [name]);
  return rows[0] === undefined ? null : unseal(secret, name, rows[0].sealed);
}

/** How long a key is used before the database is asked again: a changed one is in use within a minute. */
const KEPT_MS = 60_000;

/** The key of one endpoint, read when first needed and again every minute. */
export function storedKey(pool: Pool, secret: string, name: string, now: () => number = Date.now): () => Promise<string | null> {
  let kept: { key: Promise<string | null>; at: number } | null = null;
  return () => {
    if (kept === null || now() - kept.at > KEPT_MS) {
      const key = readProviderKey(pool, secret, name);
      kept = { key, at: now() };
      // A database that was away for a moment is asked again by the next call.
      key.catch(() => (kept = null));
    }
    return kept.key;
  };
}
