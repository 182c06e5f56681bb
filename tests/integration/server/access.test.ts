import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { API_KEY_SCOPES, type Actor, ANONYMOUS } from '#server/access/actor.ts';
import { PROBLEM_MEDIA_TYPE } from '#server/api/problem.ts';
import { allProcedures } from '#server/api/procedures.ts';
import { handleRest } from '#server/api/rest.ts';
import { createCaller } from '#server/api/router.ts';
import { createAuth } from '#server/auth/auth.ts';
import { createSignInLimit } from '#server/auth/sign-in-limit.ts';
import { createApiKey, listApiKeys, revokeApiKey } from '#server/auth/api-keys.ts';
import { createUser } from '#server/auth/users.ts';
import type { Server } from '#server/context.ts';
import { streamRun } from '#server/http/run-streams.ts';
import { handleTrpc } from '#server/http/trpc-endpoint.ts';
import { operationsOf, PROCEDURES } from '#tests/e2e/expected-access.ts';
import { withDatabase } from '#tests/integration/with-database.ts';
import { sessionOf, SITE, testServer } from './test-server.ts';

let server: Server;
let database: Awaited<ReturnType<typeof withDatabase>>;
/** Headers of every kind of visitor who is not an admin. */
const visitors: Record<string, Headers> = {};
let adminKey: string;
let adminId: string;

const PASSWORD = 'correct horse battery';

beforeAll(async () => {
  database = await withDatabase();
  server = await testServer(database);
  const admin = await createUser(server, { email: 'admin@example.org', name: 'Admin', password: PASSWORD, role: 'admin' });
  const plain = await createUser(server, { email: 'plain@example.org', name: 'Plain', password: PASSWORD });
  adminId = admin.id;
  adminKey = (await createApiKey(server.pool, { userId: admin.id, name: 'all', scopes: API_KEY_SCOPES })).key;
  const readOnly = await createApiKey(server.pool, { userId: admin.id, name: 'read', scopes: ['read'] });
  const plainKey = await createApiKey(server.pool, { userId: plain.id, name: 'greedy', scopes: API_KEY_SCOPES });
  visitors.anonymous = new Headers();
  visitors['plain user'] = new Headers({ cookie: await signIn('plain@example.org') });
  visitors['a plain user’s key with every scope'] = new Headers({ 'x-api-key': plainKey.key });
  visitors['an admin’s key that may only read'] = new Headers({ authorization: `Bearer ${readOnly.key}` });
  visitors['a made-up cookie'] = new Headers({ cookie: 'atlas.session_token=made.up' });
});

async function signIn(email: string): Promise<string> {
  const response = await server.auth.handler(
    new Request(`${SITE}/api/auth/sign-in/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: SITE },
      body: JSON.stringify({ email, password: PASSWORD }),
    }),
  );
  expect(response.status).toBe(200);
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

const guarded = operationsOf('admin');

test('everything that changes something takes a sign-in, an admin’s but for words of one’s own, and is no read', () => {
  for (const [name, { _def }] of Object.entries(allProcedures())) {
    if (_def.type === 'mutation')
      expect(PROCEDURES[name], name).toMatchObject({ access: ['latents.explain', 'latents.withdraw'].includes(name) ? 'user' : 'admin', method: 'POST' });
    else expect(PROCEDURES[name]?.method, name).toBe('GET');
  }
});

test.each(['anonymous', 'an admin’s key that may only read', 'a made-up cookie'])(
  '%s may not enter an explanation, withdraw one or list its own',
  async (visitor) => {
    for (const { path, method } of operationsOf('user')) {
      const headers = new Headers(visitors[visitor]);
      headers.set('content-type', 'application/json');
      const response = await handleRest(server, new Request(`${SITE}/api/v1${path}`, { method, headers, ...(method === 'POST' && { body: '{}' }) }));
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([403, 'forbidden']);
    }
  },
);

describe.each(['anonymous', 'plain user', 'a plain user’s key with every scope', 'an admin’s key that may only read', 'a made-up cookie'])('%s', (visitor) => {
  test.each(guarded)('is refused $method $path', async ({ method, path }) => {
    const headers = new Headers(visitors[visitor]);
    if (method === 'POST') headers.set('content-type', 'application/json');
    const response = await handleRest(server, new Request(`${SITE}/api/v1${path}`, { method, headers, ...(method === 'POST' && { body: '{}' }) }));
    expect(response.status).toBe(403);
    expect(response.headers.get('content-type')).toBe(PROBLEM_MEDIA_TYPE);
    expect(await response.json()).toMatchObject({ status: 403, code: 'forbidden', instance: `/api/v1${path}` });
  });

  test.each(guarded)('is refused $name over tRPC', async ({ name, method }) => {
    const headers = new Headers(visitors[visitor]);
    const write = method === 'POST';
    if (write) headers.set('content-type', 'application/json');
    const response = await handleTrpc(
      server,
      new Request(`${SITE}/api/trpc/${name}`, { method: write ? 'POST' : 'GET', headers, ...(write && { body: '{}' }) }),
    );
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: { data: { code: 'forbidden', httpStatus: 403 } } });
  });

  test('is refused a run’s stream', async () => {
    await expect(streamRun(server, new Request(`${SITE}/api/runs/1/events`, { headers: visitors[visitor]! }), '1')).rejects.toMatchObject({
      code: 'forbidden',
    });
  });
});

test('an admin passes every one of those doors, by session and by key', async () => {
  const cookie = await signIn('admin@example.org');
  for (const headers of [new Headers({ cookie }), new Headers({ 'x-api-key': adminKey }), new Headers({ authorization: `Bearer ${adminKey}` })]) {
    for (const { method, path } of guarded.filter((route) => route.method === 'GET')) {
      const response = await handleRest(server, new Request(`${SITE}/api/v1${path}`, { method, headers }));
      expect([200, 404], path).toContain(response.status);
    }
    await expect(streamRun(server, new Request(`${SITE}/api/runs/1/events`, { headers }), '1')).rejects.toMatchObject({ code: 'not_found' });
  }
});

test('an unknown key is 401 everywhere, also where nobody needs one', async () => {
  for (const headers of [new Headers({ 'x-api-key': 'atlas_nonsense' }), new Headers({ authorization: 'Bearer nonsense' })]) {
    const rest = await handleRest(server, new Request(`${SITE}/api/v1/models`, { headers }));
    expect(rest.status).toBe(401);
    expect(await rest.json()).toMatchObject({ code: 'unauthorised', title: 'Not signed in' });
    const trpc = await handleTrpc(server, new Request(`${SITE}/api/trpc/models.list?input=${encodeURIComponent('{}')}`, { headers }));
    expect(trpc.status).toBe(401);
  }
});

test('a session cannot be used from another site, a key can', async () => {
  const cookie = await signIn('admin@example.org');
  const post = (headers: Record<string, string>) =>
    handleRest(
      server,
      new Request(`${SITE}/api/v1/admin/runs/1/cancel`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{}' }),
    );
  expect((await post({ cookie, origin: 'https://evil.example' })).status).toBe(403);
  expect((await post({ cookie, origin: SITE })).status).toBe(404);
  expect((await post({ cookie, origin: 'http://127.0.0.1:3000' })).status).toBe(404);
  expect((await post({ cookie })).status).toBe(404);
  expect((await post({ 'x-api-key': adminKey, origin: 'https://evil.example' })).status).toBe(404);
});

describe('accounts', () => {
  const auth = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    server.auth.handler(
      new Request(`${SITE}/api/auth${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: SITE, ...headers },
        body: JSON.stringify(body),
      }),
    );

  test('nobody signs themselves up', async () => {
    const response = await auth('/sign-up/email', { email: 'new@example.org', name: 'New', password: PASSWORD });
    expect(response.ok).toBe(false);
    const { rows } = await server.pool.query(`select 1 from users where email = 'new@example.org'`);
    expect(rows).toEqual([]);
  });

  test('nobody gives themselves a role', async () => {
    const cookie = await signIn('plain@example.org');
    await auth('/update-user', { role: 'admin' }, { cookie });
    await auth('/update-user', { name: 'Still plain', role: 'admin' }, { cookie });
    const { rows } = await server.pool.query<{ role: string }>(`select role from users where email = 'plain@example.org'`);
    expect(rows).toEqual([{ role: 'user' }]);
  });

  test('a role that was taken away counts at once', async () => {
    const user = await createUser(server, { email: 'former@example.org', name: 'F', password: PASSWORD, role: 'admin' });
    const cookie = await signIn('former@example.org');
    const ask = () => handleRest(server, new Request(`${SITE}/api/v1/admin/users`, { headers: { cookie } }));
    expect((await ask()).status).toBe(200);
    await server.pool.query(`update users set role = 'user' where id = $1`, [user.id]);
    expect((await ask()).status).toBe(403);
  });

  test('the cookie is out of scripts’ reach; the password is stored as a salted hash', async () => {
    const response = await auth('/sign-in/email', { email: 'ADMIN@example.org', password: PASSWORD });
    const cookie = response.headers.getSetCookie().join();
    expect(cookie).toMatch(/HttpOnly/i);
    expect(cookie).toMatch(/SameSite=Lax/i);
    expect(cookie).not.toMatch(/Secure/);
    const { rows } = await server.pool.query<{ password: string }>('select password from accounts where user_id = $1', [adminId]);
    expect(rows[0]?.password).toMatch(/^[0-9a-f]{32}:[0-9a-f]{128}$/);
  });

  /** Sign-in by itself with a clock that stands, as if from `peer`. */
  const signInFrom = (trustedProxies: string[]) => {
    const limit = createSignInLimit({ now: () => 1_000_000 });
    const { handler } = createAuth({ prisma: database.prisma, siteUrl: SITE, secret: 'a'.repeat(32), trustedProxies, log: server.log, limit });
    return (email: string, password: string, peer: string, forwarded: string): Promise<Response> =>
      handler(
        new Request(`${SITE}/api/auth/sign-in/email`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', origin: SITE, 'x-atlas-peer': peer, 'x-forwarded-for': forwarded },
          body: JSON.stringify({ email, password }),
        }),
      );
  };
  const WRONG = 'wrong wrong wrong';

  test('an address that guesses must pause, whatever it says of itself; the owner signs in from elsewhere all the while', async () => {
    await createUser(server, { email: 'victim@example.org', name: 'V', password: PASSWORD });
    const attempt = signInFrom([]);
    const responses: Response[] = [];
    for (let i = 0; i < 7; i++) {
      responses.push(await attempt(i % 2 === 0 ? 'victim@example.org' : 'Victim@Example.org', WRONG, '203.0.113.66', `10.0.0.${i}`));
    }
    expect(responses.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429, 429]);
    expect(responses.at(-1)?.headers.get('retry-after')).toBe('8');
    expect((await attempt('victim@example.org', PASSWORD, '203.0.113.66', '10.0.0.9')).status).toBe(429);
    expect((await attempt('victim@example.org', PASSWORD, '203.0.113.7', '203.0.113.66')).status).toBe(200);
  });

  test('many addresses that guess make an account slow, and lock nobody out', async () => {
    await createUser(server, { email: 'popular@example.org', name: 'P', password: PASSWORD });
    const attempt = signInFrom([]);
    for (let i = 0; i < 21; i++) expect((await attempt('popular@example.org', WRONG, `198.51.100.${i}`, '')).status).toBe(401);
    const started = performance.now();
    expect((await attempt('popular@example.org', PASSWORD, '203.0.113.8', '')).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(400);
  });

  test('behind a proxy that is named, visitors are told apart by what it says of them, and by nothing before that', async () => {
    await createUser(server, { email: 'proxied@example.org', name: 'P', password: PASSWORD });
    const attempt = signInFrom(['10.0.0.0/8']);
    const guess = async (peer: string, forwarded: string) => (await attempt('proxied@example.org', WRONG, peer, forwarded)).status;
    for (let i = 0; i < 5; i++) expect(await guess('10.1.2.3', `1.2.3.${i}, 203.0.113.20`)).toBe(401);
    expect(await guess('10.1.2.3', '9.9.9.9, 203.0.113.20')).toBe(429);
    // A peer that is no proxy of ours is its own address, whatever it wrote.
    expect(await guess('203.0.113.21', '203.0.113.20')).toBe(401);
    expect((await attempt('proxied@example.org', PASSWORD, '10.1.2.3', '203.0.113.22')).status).toBe(200);
  });

  test('an address with an account, a short password and a nonsense address are refused by field', async () => {
    const api = createCaller({ server, actor: sessionOf('admin') });
    await expect(api.admin.users.create({ email: 'Admin@example.org', name: 'Again', password: PASSWORD })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(api.admin.users.create({ email: 'short@example.org', name: 'S', password: 'short' })).rejects.toThrow(
      'password: must have at least 10 characters',
    );
    await expect(api.admin.users.create({ email: 'nonsense', name: 'S', password: PASSWORD })).rejects.toThrow('email: must be an e-mail address');
  });
});

describe('API keys', () => {
  test('are shown once, stored as a hash, listed to their owner only, and refused once revoked', async () => {
    const actor: Actor = { kind: 'session', user: { id: adminId, name: 'Admin', email: 'admin@example.org', role: 'admin' } };
    const api = createCaller({ server, actor });
    const made = await api.admin.keys.create({ name: 'script', scopes: ['read'] });
    expect(made.key).toMatch(/^atlas_[\w-]{43}$/);
    expect(made.key.startsWith(made.prefix)).toBe(true);
    const stored = await server.pool.query<Record<string, unknown>>('select * from api_keys where id = $1', [made.id]);
    expect(JSON.stringify(stored.rows)).not.toContain(made.key);
    const { keys } = await api.admin.keys.list({});
    expect(keys.map((key) => key.name)).toContain('script');
    expect(JSON.stringify(keys)).not.toContain(made.key.slice(15));
    expect(await listApiKeys(server.pool, 'somebody-else')).toEqual([]);
    await expect(revokeApiKey(server.pool, { userId: 'somebody-else', id: made.id })).rejects.toMatchObject({ code: 'not_found' });

    const ask = () => handleRest(server, new Request(`${SITE}/api/v1/models`, { headers: { 'x-api-key': made.key } }));
    expect((await ask()).status).toBe(200);
    expect((await api.admin.keys.list({})).keys.find((key) => key.id === made.id)?.lastUsedAt).not.toBeNull();
    expect((await api.admin.keys.revoke({ id: made.id })).revokedAt).not.toBeNull();
    expect((await ask()).status).toBe(401);
  });
});

test('nobody is somebody without credentials', async () => {
  const api = createCaller({ server, actor: ANONYMOUS });
  await expect(api.admin.users.list({})).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(z.array(z.unknown()).parse((await api.models.list({})).models)).toEqual([]);
});
