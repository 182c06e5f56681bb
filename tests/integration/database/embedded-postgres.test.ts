import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#platform/database/embedded/embedded-postgres.ts';
import { isAlive } from '#platform/database/embedded/postmaster.ts';

let parent: string;
let folder: string;
beforeAll(() => {
  parent = mkdtempSync(path.join(tmpdir(), 'atlas-embedded-'));
  folder = path.join(parent, 'postgres');
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const start = () => startEmbeddedPostgres({ folder, password: 'p w/ä', throwaway: true });
const pidOf = () => Number(readFileSync(path.join(folder, 'postmaster.pid'), 'utf8').split('\n')[0]);

async function query(server: EmbeddedPostgres, text: string): Promise<unknown[]> {
  const client = new pg.Client(server.url);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

test('starts, also below a folder closed to others, keeps what is written, and starts again', async () => {
  // mkdtemp's folder has mode 0700: as root, the server's own user cannot enter it.
  expect(statSync(parent).mode & 0o777).toBe(0o700);
  const first = await start();
  await query(first, 'CREATE TABLE kept AS SELECT 1 AS one');
  expect(first).toMatchObject({ started: true });
  const second = await start();
  expect(second).toMatchObject({ started: false, port: first.port });
  await first.stop();
  const again = await start();
  expect(again.started).toBe(true);
  expect(await query(again, 'SELECT * FROM kept')).toEqual([{ one: 1 }]);
  await again.stop();
});

test('listens on loopback and asks for its password', async () => {
  const server = await start();
  expect(await query(server, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
  const wrong = new URL(server.url);
  wrong.password = 'guess';
  await expect(new pg.Client(wrong.href).connect()).rejects.toMatchObject({ code: '28P01' });
  await server.stop();
});

test('a killed server is said to have ended, and the next start recovers', async () => {
  const server = await start();
  process.kill(pidOf(), 'SIGKILL');
  await server.ended;
  const again = await start();
  expect(await query(again, 'SELECT * FROM kept')).toEqual([{ one: 1 }]);
  await again.stop();
});

test('a process id left behind that another program has now does not matter', async () => {
  const stale = [process.pid, folder, 1, 5432, '', '127.0.0.1', '', 'ready', ''].join('\n');
  writeFileSync(path.join(folder, 'postmaster.pid'), stale);
  chmodSync(path.join(folder, 'postmaster.pid'), 0o644);
  const server = await start();
  expect(server.started).toBe(true);
  await server.stop();
});

test('ends with the process that started it, even when that is killed', async () => {
  const script = fileURLToPath(new URL('doomed-starter.ts', import.meta.url));
  const starter = spawn(process.execPath, ['--import', 'tsx', script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(starter.stdout, 'data');
  const pid = pidOf();
  expect(isAlive(pid)).toBe(true);
  starter.kill('SIGKILL');
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000, interval: 50 });
});
