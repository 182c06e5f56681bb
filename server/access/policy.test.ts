import { describe, expect, test } from 'vitest';
import { isAppError } from '#lib/errors/app-error.ts';
import { type Actor, ANONYMOUS, type Role } from './actor.ts';
import { type Action, ACTIONS, assertMay, may } from './policy.ts';

const user = (role: Role) => ({ id: 'u', name: 'U', email: 'u@example.org', role });
const actors: Record<string, Actor> = {
  anonymous: ANONYMOUS,
  'plain user': { kind: 'session', user: user('user') },
  'plain user’s admin key': { kind: 'key', user: user('user'), keyId: '1', scopes: ['read', 'admin'] },
  'admin’s read key': { kind: 'key', user: user('admin'), keyId: '1', scopes: ['read'] },
  'admin’s admin key': { kind: 'key', user: user('admin'), keyId: '1', scopes: ['admin'] },
  admin: { kind: 'session', user: user('admin') },
};
const actions = Object.keys(ACTIONS) as Action[];

describe.each(actions.filter((action) => ACTIONS[action] === 'admin'))('%s', (action) => {
  test.each(Object.keys(actors))('%s', (name) => {
    const allowed = name === 'admin' || name === 'admin’s admin key';
    expect(may(actors[name]!, action)).toBe(allowed);
  });
});

describe.each(actions.filter((action) => ACTIONS[action] === 'user'))('%s', (action) => {
  test.each(Object.keys(actors))('%s', (name) => {
    expect(may(actors[name]!, action)).toBe(name !== 'anonymous' && name !== 'admin’s read key');
  });
});

test('everybody may read', () => {
  for (const actor of Object.values(actors)) expect(may(actor, 'catalogue.read')).toBe(true);
});

test('a refusal of what takes a sign-in does not speak of admins', () => {
  expect(() => assertMay(ANONYMOUS, 'explanations.enter')).toThrow('Only somebody signed in');
  expect(() => assertMay(actors['admin’s read key']!, 'explanations.enter')).toThrow('scope');
});

test('a refusal is forbidden and says what to do', () => {
  const refuse = (actor: Actor): unknown => {
    try {
      assertMay(actor, 'runs.manage');
    } catch (error) {
      return error;
    }
    return null;
  };
  const sentences = ['anonymous', 'plain user', 'admin’s read key'].map((name) => refuse(actors[name]!));
  for (const error of sentences) expect(isAppError(error) && error.code).toBe('forbidden');
  expect(sentences.map((error) => (error as Error).message)).toEqual([
    expect.stringContaining('sign in'),
    expect.stringContaining('role'),
    expect.stringContaining('scope'),
  ]);
});
