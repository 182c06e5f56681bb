import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { ensureSecret, secretFile } from '#platform/instance/secrets.ts';
import { firstSignIn } from '#server/auth/first-sign-in.ts';
import { signInWithPassword, signOutSession } from '#server/auth/sign-in.ts';
import { createUser } from '#server/auth/users.ts';
import type { Server } from '#server/context.ts';
import { withDatabase } from '#tests/integration/with-database.ts';
import { testServer } from './test-server.ts';

let server: Server;
beforeAll(async () => {
  server = await testServer(await withDatabase());
});

test('a fresh instance of this machine says where the first password lies, never what it is, and only until an admin signs in', async () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'atlas-sign-in-'));
  try {
    const password = ensureSecret(dataDir, 'admin');
    const env = { dataDir, siteHost: '127.0.0.1', siteUrl: 'http://localhost:3000', adminEmail: 'First@example.org', adminPassword: password };
    const hint = (over: Partial<typeof env> = {}) => firstSignIn(server.pool, { ...env, ...over });
    expect(await hint(), 'no such admin yet').toBeNull();
    await createUser(server, { email: env.adminEmail, name: 'First', password, role: 'admin' });
    expect(await hint()).toEqual({ email: env.adminEmail, passwordFile: path.relative(process.cwd(), secretFile(dataDir, 'admin')) });
    expect(JSON.stringify(await hint())).not.toContain(password);
    expect(await hint({ siteHost: '0.0.0.0' }), 'others can reach it').toBeNull();
    expect(await hint({ siteUrl: 'https://atlas.example.org' }), 'a proxy leads to it').toBeNull();
    expect(await hint({ adminPassword: 'chosen by the owner' }), 'the file holds another').toBeNull();
    const signedIn = await signInWithPassword(server, new Headers(), { email: env.adminEmail, password });
    expect(signedIn.kind).toBe('signed_in');
    expect(await hint()).toBeNull();
    const cookie = signedIn.kind === 'signed_in' ? signedIn.cookies.map(({ name, value }) => `${name}=${encodeURIComponent(value)}`).join('; ') : '';
    await signOutSession(server, new Headers({ cookie }));
    expect((await server.pool.query('select 1 from sessions')).rowCount, 'signed out').toBe(0);
    expect(await hint(), 'it stays known that somebody did').toBeNull();
  } finally {
    rmSync(dataDir, { recursive: true });
  }
});
