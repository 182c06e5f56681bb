import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadEnvironment } from '#platform/environment/environment.ts';
import { type InstanceEnvironment, resolveInstance } from '#platform/instance/instance.ts';
import { ensureSecret } from '#platform/instance/secrets.ts';
import { adminCreate } from '#cli/admin.ts';
import { ANONYMOUS } from '#server/access/actor.ts';
import { createCaller } from '#server/api/router.ts';
import type { Server } from '#server/context.ts';
import { openServer } from '#server/process.ts';
import { createTestDatabase, withDatabase } from '#tests/integration/with-database.ts';

const PASSWORD = 'correct horse battery';
let dataDir: string;
let url: string;
let pool: Awaited<ReturnType<typeof withDatabase>>['pool'];

beforeAll(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'atlas-process-'));
  afterAll(() => rmSync(dataDir, { recursive: true }));
  ({ url, pool } = await withDatabase());
  ensureSecret(dataDir, 'worker');
  ensureSecret(dataDir, 'auth');
});

const surroundings = (more: Record<string, string> = {}) => loadEnvironment({ ATLAS_DATA_DIR: dataDir, DATABASE_URL: url, LOG_LEVEL: 'silent', ...more });

async function signIn(server: Server, email: string, password: string): Promise<number> {
  const origin = server.trustedOrigins[0]!;
  const headers = { 'content-type': 'application/json', origin };
  return (await server.auth.handler(new Request(`${origin}/api/auth/sign-in/email`, { method: 'POST', headers, body: JSON.stringify({ email, password }) })))
    .status;
}

async function opened<T>(environment: InstanceEnvironment, work: (server: Server) => Promise<T>): Promise<T> {
  const server = await openServer(environment);
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}

test('opens on a database alone: it reads and searches with no worker, and closes all it opened', async () => {
  await opened(resolveInstance(surroundings()), async (server) => {
    const api = createCaller({ server, actor: ANONYMOUS });
    expect(await api.models.list({})).toEqual({ models: [] });
    expect(await api.search.query({ q: 'anything' })).toMatchObject({ total: 0, mode: 'words' });
  });
  await expect
    .poll(async () => (await pool.query('select count(*)::int as n from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()')).rows)
    .toEqual([{ n: 0 }]);
});

test('a database that is away is said so', async () => {
  await expect(openServer({ ...resolveInstance(surroundings()), databaseUrl: 'postgresql://atlas@127.0.0.1:9/atlas' })).rejects.toMatchObject({
    code: 'database_unavailable',
  });
});

test('an empty database, without its tables, does not leave connections behind', async () => {
  const empty = await createTestDatabase({ empty: true });
  const environment = { ...resolveInstance(surroundings({ ATLAS_ADMIN_EMAIL: 'a@example.org', ATLAS_ADMIN_PASSWORD: PASSWORD })), databaseUrl: empty };
  await expect(openServer(environment)).rejects.toThrow();
  await expect
    .poll(async () => (await pool.query('select count(*)::int as n from pg_stat_activity where datname = $1', [new URL(empty).pathname.slice(1)])).rows)
    .toEqual([{ n: 0 }]);
});

test('the first admin comes from the environment, once, and later starts leave the account alone', async () => {
  const environment = resolveInstance(surroundings({ ATLAS_ADMIN_EMAIL: 'First@example.org', ATLAS_ADMIN_PASSWORD: PASSWORD }));
  await opened(environment, async (server) => expect(await signIn(server, 'first@example.org', PASSWORD)).toBe(200));
  await opened({ ...environment, adminPassword: 'another password' }, async (server) => {
    expect(await signIn(server, 'first@example.org', 'another password')).toBe(401);
    expect(await signIn(server, 'first@example.org', PASSWORD)).toBe(200);
  });
  expect((await pool.query(`select role from users where email = 'first@example.org'`)).rows).toEqual([{ role: 'admin' }]);
});

describe('admin create', () => {
  test('makes an admin with a password that is printed once', async () => {
    const lines: string[] = [];
    await adminCreate({ email: 'cli@example.org', name: 'CLI' }, (line) => lines.push(line), surroundings({ SITE_URL: 'https://atlas.example' }));
    expect(lines[0]).toBe('cli@example.org is an admin now. Sign in at https://atlas.example/sign-in');
    const password = /: (\S{20})$/.exec(lines[1]!)![1]!;
    await opened(resolveInstance(surroundings()), async (server) => expect(await signIn(server, 'cli@example.org', password)).toBe(200));
  });

  test('gives an account a new password and ends its sessions', async () => {
    await opened(resolveInstance(surroundings()), async (server) => {
      await adminCreate({ email: 'cli@example.org', name: 'CLI', password: PASSWORD }, () => {}, surroundings());
      expect(await signIn(server, 'cli@example.org', PASSWORD)).toBe(200);
      expect((await pool.query(`select count(*)::int as n from sessions s join users u on u.id = s.user_id where u.email = 'cli@example.org'`)).rows).toEqual([
        { n: 1 },
      ]);
      const lines: string[] = [];
      await adminCreate({ email: 'CLI@example.org', name: 'CLI', password: 'yet another password' }, (line) => lines.push(line), surroundings());
      expect(lines).toEqual([expect.stringContaining('with a new password')]);
      expect((await pool.query(`select count(*)::int as n from sessions s join users u on u.id = s.user_id where u.email = 'cli@example.org'`)).rows).toEqual([
        { n: 0 },
      ]);
      expect(await signIn(server, 'cli@example.org', PASSWORD)).toBe(401);
    });
  });

  test('asks for an address and refuses a short password', async () => {
    await expect(adminCreate({ name: 'X' }, () => {}, surroundings())).rejects.toThrow('--email');
    await expect(adminCreate({ name: 'X', email: 'x@example.org', password: 'short' }, () => {}, surroundings())).rejects.toThrow('at least 10 characters');
  });
});
