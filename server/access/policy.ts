import { AppError } from '#lib/errors/app-error.ts';
import type { Actor } from './actor.ts';

/**
 * Everything that can be done here and who may do it: the one place where this is decided, asked by pages, procedures
 * and route handlers alike.
 */
export const ACTIONS = {
  'catalogue.read': 'anyone',
  'runs.watch': 'anyone',
  'explanations.enter': 'user',
  'explanations.moderate': 'admin',
  'runs.manage': 'admin',
  'people.manage': 'admin',
  'keys.manage': 'admin',
} as const satisfies Record<string, 'anyone' | 'user' | 'admin'>;

export type Action = keyof typeof ACTIONS;

/** Whether the actor may do it; `user`: whoever is signed in. A key never may more than its user, nor more than its scopes say. */
export function may(actor: Actor, action: Action): boolean {
  if (ACTIONS[action] === 'anyone') return true;
  if (actor.kind === 'anonymous' || (ACTIONS[action] === 'admin' && actor.user.role !== 'admin')) return false;
  return actor.kind === 'session' || actor.scopes.includes('admin');
}

/** Throws AppError `forbidden`, in words that say what is missing, unless the actor may do it. */
export function assertMay(actor: Actor, action: Action): void {
  if (may(actor, action)) return;
  throw new AppError('forbidden', refusal(actor, ACTIONS[action]));
}

function refusal(actor: Actor, needed: (typeof ACTIONS)[Action]): string {
  if (actor.kind === 'anonymous')
    return needed === 'user'
      ? 'Only somebody signed in may do this: sign in, or send an API key with the scope “admin”.'
      : 'Only an admin may do this: sign in as one, or send an API key with the scope “admin”.';
  if (needed === 'admin' && actor.user.role !== 'admin') return 'Only an admin may do this: ask one for the role.';
  return 'This API key may only read: use one with the scope “admin”.';
}
