import { beforeAll, expect, test } from 'vitest';
import { signInWithPassword, signOutSession } from '#server/auth/sign-in.ts';
import { createUser } from '#server/auth/users.ts';
import { resolveActor } from '#server/auth/resolve-actor.ts';
import { assertExists } from '#server/catalogue/exists.ts';
import type { Server } from '#server/context.ts';
import { withDatabase } from '#tests/integration/with-database.ts';
import { inventLatents, seedCoder } from './seed.ts';
import { testServer } from './test-server.ts';

let server: Server;

beforeAll(async () => {
  const database = await withDatabase();
  await seedCoder(database.pool, { model: 'm', coder: 'wide', latents: inventLatents(10, 'pages') });
  server = await testServer(database);
  await createUser(server, { email: 'ada@example.org', name: 'Ada', password: 'a long enough one' });
});

test('a page is known to exist, or told what is missing', async () => {
  for (const place of [{ model: 'm' }, { model: 'm', coder: 'wide' }, { model: 'm', coder: 'wide', index: 4 }]) {
    await expect(assertExists(server.pool, place)).resolves.toBeUndefined();
  }
  const missing = async (place: Parameters<typeof assertExists>[1]): Promise<unknown> => assertExists(server.pool, place).catch((error: unknown) => error);
  expect(await missing({ model: 'x' })).toMatchObject({ code: 'not_found', field: 'model' });
  expect(await missing({ model: 'x', coder: 'wide' })).toMatchObject({ code: 'not_found', field: 'model' });
  expect(await missing({ model: 'm', coder: 'x', index: 0 })).toMatchObject({ code: 'not_found', field: 'coder' });
  expect(await missing({ model: 'm', coder: 'wide', index: 5 })).toMatchObject({ code: 'not_found', message: expect.stringContaining('No run has looked') });
});

test('the form’s cookies are the session, until it ends', async () => {
  const result = await signInWithPassword(server, new Headers(), { email: 'Ada@example.org', password: 'a long enough one' });
  if (result.kind === 'refused') throw new Error(result.message);
  expect(result.cookies.map(({ name, httpOnly, sameSite, path }) => ({ name, httpOnly, sameSite, path }))).toEqual([
    { name: 'atlas.session_token', httpOnly: true, sameSite: 'lax', path: '/' },
  ]);
  const headers = new Headers({ cookie: result.cookies.map(({ name, value }) => `${name}=${encodeURIComponent(value)}`).join('; ') });
  expect(await resolveActor(server, headers)).toMatchObject({ kind: 'session', user: { email: 'ada@example.org', role: 'user' } });
  const gone = await signOutSession(server, headers);
  expect(gone.find(({ name }) => name === 'atlas.session_token')).toMatchObject({ value: '', maxAge: 0 });
  expect(await resolveActor(server, headers)).toEqual({ kind: 'anonymous' });
});

test('a wrong address and a wrong password are refused in the same words, and too many attempts in others', async () => {
  const attempt = (email: string, address: string): ReturnType<typeof signInWithPassword> =>
    signInWithPassword(server, new Headers({ 'x-atlas-peer': address }), { email, password: 'not the right one' });
  const wrong = await attempt('ada@example.org', '203.0.113.1');
  expect(wrong).toMatchObject({ kind: 'refused', message: expect.stringContaining('do not belong') });
  expect(await attempt('nobody@example.org', '203.0.113.2')).toEqual(wrong);
  let last = wrong;
  for (let i = 0; i < 5; i++) last = await attempt('ada@example.org', '203.0.113.1');
  expect(last).toMatchObject({ kind: 'refused', message: expect.stringContaining('Too many attempts') });
});
