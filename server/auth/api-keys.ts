import { createHash, randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { type ActorUser, API_KEY_SCOPES, type ApiKeyScope } from '#server/access/actor.ts';

/** What all our keys begin with, so that scanners of leaked secrets can be taught to know them. */
const KEY_PREFIX = 'atlas_';
/** Characters after the prefix that are kept, to recognise a key by; 36 of its 256 bits. */
const SHOWN_CHARACTERS = 6;

export const apiKeySchema = z.object({
  id: z.string(),
  name: z.string(),
  prefix: z.string().describe('Its first characters, to recognise it by'),
  scopes: z.array(z.enum(API_KEY_SCOPES)),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
});
export type ApiKey = z.infer<typeof apiKeySchema>;

interface KeyRow {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  created_at: Date;
  last_used_at: Date | null;
  revoked_at: Date | null;
}

const COLUMNS = 'id, name, prefix, scopes, created_at, last_used_at, revoked_at';

const toKey = (row: KeyRow): ApiKey =>
  apiKeySchema.parse({
    ...row,
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  });

/** The key has 256 random bits, so that a plain hash of it cannot be searched backwards as one of a password could. */
const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');

/** Makes a key that acts as the user; the key itself is in this answer and nowhere else. */
export async function createApiKey(pool: Pool, input: { userId: string; name: string; scopes: readonly ApiKeyScope[] }): Promise<ApiKey & { key: string }> {
  const key = KEY_PREFIX + randomBytes(32).toString('base64url');
  const { rows } = await pool.query<KeyRow>(`insert into api_keys (user_id, name, prefix, key_hash, scopes) values ($1, $2, $3, $4, $5) returning ${COLUMNS}`, [
    input.userId,
    input.name,
    key.slice(0, KEY_PREFIX.length + SHOWN_CHARACTERS),
    hashOf(key),
    [...new Set(input.scopes)],
  ]);
  return { ...toKey(rows[0]!), key };
}

/** The user's keys, newest first, revoked ones too. */
export async function listApiKeys(pool: Pool, userId: string): Promise<ApiKey[]> {
  const { rows } = await pool.query<KeyRow>(`select ${COLUMNS} from api_keys where user_id = $1 order by id desc`, [userId]);
  return rows.map(toKey);
}

/** From now on the key is refused. Throws AppError `not_found` for a key that is not the user's. */
export async function revokeApiKey(pool: Pool, { userId, id }: { userId: string; id: string }): Promise<ApiKey> {
  const { rows } = await pool.query<KeyRow>(
    `update api_keys set revoked_at = coalesce(revoked_at, now()) where id = $1 and user_id = $2 returning ${COLUMNS}`,
    [id, userId],
  );
  const [row] = rows;
  if (row === undefined) throw new AppError('not_found', `You have no API key ${id}.`, { field: 'id' });
  return toKey(row);
}

/** Whose key this is and what it may do. Throws AppError `unauthorised` for one that is unknown or revoked. */
export async function verifyApiKey(pool: Pool, key: string): Promise<{ keyId: string; scopes: ApiKeyScope[]; user: ActorUser }> {
  const { rows } = await pool.query<{ key_id: string; scopes: ApiKeyScope[]; id: string; name: string; email: string; role: string; stale: boolean }>(
    `select k.id as key_id, k.scopes, u.id, u.name, u.email, u.role, (k.last_used_at is null or k.last_used_at < now() - interval '1 minute') as stale
     from api_keys k join users u on u.id = k.user_id where k.key_hash = $1 and k.revoked_at is null`,
    [hashOf(key)],
  );
  const [row] = rows;
  if (row === undefined) throw new AppError('unauthorised', 'This API key is unknown or was revoked: check it, or ask an admin for another.');
  // Once a minute is enough to see whether a key is in use, and spares a write a request.
  if (row.stale) await pool.query('update api_keys set last_used_at = now() where id = $1', [row.key_id]);
  return {
    keyId: row.key_id,
    scopes: row.scopes.filter((scope) => API_KEY_SCOPES.includes(scope)),
    user: { id: row.id, name: row.name, email: row.email, role: row.role === 'admin' ? 'admin' : 'user' },
  };
}
