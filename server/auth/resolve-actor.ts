import type { Pool } from 'pg';
import { AppError } from '#lib/errors/app-error.ts';
import { type Actor, ANONYMOUS } from '#server/access/actor.ts';
import { verifyApiKey } from './api-keys.ts';
import type { Auth } from './auth.ts';

/**
 * Who sent these headers: the holder of the API key in `x-api-key` or `Authorization: Bearer`, or of the session cookie.
 * Throws AppError `unauthorised` for a key that does not hold; a cookie that does not is nobody.
 */
export async function resolveActor(server: { pool: Pool; auth: Auth }, headers: Headers): Promise<Actor> {
  const key = headers.get('x-api-key') ?? bearer(headers.get('authorization'));
  if (key !== null) {
    const { user, keyId, scopes } = await verifyApiKey(server.pool, key);
    return { kind: 'key', user, keyId, scopes };
  }
  if (!headers.has('cookie')) return ANONYMOUS;
  const session = await server.auth.api.getSession({ headers });
  if (session === null) return ANONYMOUS;
  const { id, name, email, role } = session.user;
  return { kind: 'session', user: { id, name, email, role: role === 'admin' ? 'admin' : 'user' } };
}

/**
 * The same for a request that may change something. A browser sends the cookie along with other sites' requests; where
 * `Origin` says that one came from elsewhere, the request is refused. Keys are not sent by themselves and need no such check.
 * Throws AppError `forbidden`.
 */
export async function resolveRequestActor(server: { pool: Pool; auth: Auth; trustedOrigins: readonly string[] }, request: Request): Promise<Actor> {
  const actor = await resolveActor(server, request.headers);
  const reads = request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS';
  const origin = request.headers.get('origin');
  if (actor.kind === 'session' && !reads && origin !== null && !server.trustedOrigins.includes(origin)) {
    throw new AppError('forbidden', `Requests from ${origin} may not use your session here.`);
  }
  return actor;
}

function bearer(authorization: string | null): string | null {
  return /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1] ?? null;
}
