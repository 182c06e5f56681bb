import { AppError } from '#lib/errors/app-error.ts';

export type Role = 'user' | 'admin';
export const API_KEY_SCOPES = ['read', 'admin'] as const;
export type ApiKeyScope = (typeof API_KEY_SCOPES)[number];

export interface ActorUser {
  id: string;
  name: string;
  email: string;
  role: Role;
}

/** Who asks: nobody in particular, somebody signed in, or a program acting as the user whose key it holds. */
export type Actor =
  { kind: 'anonymous' } | { kind: 'session'; user: ActorUser } | { kind: 'key'; user: ActorUser; keyId: string; scopes: readonly ApiKeyScope[] };

export const ANONYMOUS: Actor = Object.freeze({ kind: 'anonymous' });

/** The user behind the request, or null. */
export function actorUser(actor: Actor): ActorUser | null {
  return actor.kind === 'anonymous' ? null : actor.user;
}

/** The user behind a request that the policy lets pass for somebody signed in alone. Throws AppError `unauthorised` for nobody. */
export function signedIn(actor: Actor): ActorUser {
  const user = actorUser(actor);
  if (user === null) throw new AppError('unauthorised', 'Only somebody signed in may do this: sign in first.');
  return user;
}
