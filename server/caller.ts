import type { ErrorCode } from '#lib/errors/app-error.ts';
import { type Actor, ANONYMOUS } from '#server/access/actor.ts';
import { type Action, may } from '#server/access/policy.ts';
import { toAppError } from '#server/api/problem.ts';
import { type ApiCaller, createCaller } from '#server/api/router.ts';
import { resolveActor } from '#server/auth/resolve-actor.ts';
import { getServer } from './process.ts';

/**
 * The procedures as plain functions, for server components: `(await publicCaller()).latents.get({ model, coder, index })`.
 * Nobody is signed in: what it gives may be shown to anybody.
 */
export async function publicCaller(): Promise<ApiCaller> {
  return createCaller({ server: await getServer(), actor: ANONYMOUS });
}

/** The same, as whoever sent these headers: `callerFor(await headers())`. */
export async function callerFor(headers: Headers): Promise<ApiCaller> {
  return createCaller({ server: await getServer(), actor: await currentActor(headers) });
}

/** Who sent these headers. */
export async function currentActor(headers: Headers): Promise<Actor> {
  return resolveActor(await getServer(), headers);
}

/** Whether whoever sent these headers may do it: what an admin page asks before it shows anything. */
export async function headersMay(headers: Headers, action: Action): Promise<boolean> {
  return may(await currentActor(headers), action);
}

/** The code behind anything a caller threw: a page answers `not_found` with its own “not found”. */
export function errorCode(error: unknown): ErrorCode {
  return toAppError(error).code;
}
