import { parseSetCookieHeader } from 'better-auth/cookies';
import { AppError } from '#lib/errors/app-error.ts';
import type { Server } from '#server/context.ts';
import { PEER_HEADER } from '#server/http/peer-address.ts';

/** A cookie as the sign-in form's answer sets it. */
export interface CookieToSet {
  name: string;
  value: string;
  path: string;
  httpOnly: boolean;
  secure: boolean;
  sameSite: 'lax' | 'strict' | 'none';
  /** Seconds; absent for a cookie of the browser's session. */
  maxAge?: number;
}

export type SignInResult = { kind: 'signed_in'; cookies: CookieToSet[] } | { kind: 'refused'; message: string };

type AuthServer = Pick<Server, 'auth' | 'environment'>;

/** What the limits by address and the session's record need of the visitor's own request. */
const PASSED_ON = ['cookie', 'user-agent', 'x-forwarded-for', PEER_HEADER] as const;

/**
 * Signs in for a form without JavaScript, through the very handler that the JSON route uses: the same limits, the same
 * hooks. A wrong address and a wrong password are not told apart.
 */
export async function signInWithPassword(server: AuthServer, headers: Headers, body: { email: string; password: string }): Promise<SignInResult> {
  const response = await ask(server, headers, '/sign-in/email', body);
  if (response.ok) return { kind: 'signed_in', cookies: cookiesOf(response) };
  if (response.status === 429) return { kind: 'refused', message: 'Too many attempts. Wait a few minutes, then try again.' };
  if (response.status >= 500) throw new AppError('internal', 'Signing in failed on our side; the site’s log has the details.');
  return { kind: 'refused', message: 'This e-mail address and password do not belong to an account here.' };
}

/** Ends the session the headers carry; the cookies returned take it out of the browser. */
export async function signOutSession(server: AuthServer, headers: Headers): Promise<CookieToSet[]> {
  return cookiesOf(await ask(server, headers, '/sign-out', {}));
}

function ask({ auth, environment }: AuthServer, from: Headers, path: string, body: unknown): Promise<Response> {
  const headers = new Headers({ 'content-type': 'application/json', origin: new URL(environment.siteUrl).origin });
  for (const name of PASSED_ON) {
    const value = from.get(name);
    if (value !== null) headers.set(name, value);
  }
  return auth.handler(new Request(new URL(`/api/auth${path}`, environment.siteUrl), { method: 'POST', headers, body: JSON.stringify(body) }));
}

function cookiesOf(response: Response): CookieToSet[] {
  return response.headers.getSetCookie().flatMap((header) =>
    [...parseSetCookieHeader(header)].map(([name, attributes]) => ({
      name,
      value: decodeURIComponent(attributes.value),
      path: attributes.path ?? '/',
      httpOnly: attributes.httponly ?? false,
      secure: attributes.secure ?? false,
      sameSite: attributes.samesite ?? 'lax',
      ...(attributes['max-age'] !== undefined && { maxAge: attributes['max-age'] }),
    })),
  );
}
