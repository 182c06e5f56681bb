import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import { isUnavailable } from '#platform/database/unavailable.ts';
import { freePort } from '#platform/network/free-port.ts';
import { postgresBinaries, type PostgresBinaries } from './binaries.ts';
import { findRunning, isAlive, processEnd } from './postmaster.ts';
import { giveTo, spawnUnprivileged, unprivilegedUser, type Unprivileged } from './unprivileged.ts';
import { spawnWatched } from './watched-server.ts';

export interface EmbeddedPostgres {
  /** Connection URL of the database `atlas`, password included. */
  url: string;
  port: number;
  /** False when a server left over from a killed process was found running on these files and taken over. */
  started: boolean;
  /** Shuts the server down and resolves when its files are closed. */
  stop(): Promise<void>;
  /** Resolves when the server has ended, wanted or not. */
  ended: Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Folder of the database's files; made when missing. */
  folder: string;
  password: string;
  /** Taken when it is free, e.g. the one of last time; otherwise another. */
  preferredPort?: number;
  /** Each line the server writes. */
  onLine?: (line: string) => void;
  /** Do without durability: for tests, which throw their database away. */
  throwaway?: boolean;
}

export const EMBEDDED_USER = 'atlas';
export const EMBEDDED_DATABASE = 'atlas';

/** Recovery of half a million rows' worth of log after a kill took 4 s here; ten times that on a slow disk, and margin. */
const START_SECONDS = 60;

const SETTINGS = [
  'listen_addresses=127.0.0.1',
  // A socket file's path may be 107 bytes at most; a deep checkout has more.
  'unix_socket_directories=',
  'shared_buffers=256MB',
  'max_wal_size=2GB',
  // A latent page's queries take a millisecond; compiling them would take fifty.
  'jit=off',
  'log_min_messages=warning',
  'log_line_prefix=',
];
const THROWAWAY_SETTINGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=200'];

/**
 * Start a real PostgreSQL of our own under `folder` on a free loopback port, initialising it the first time, and make
 * the database `atlas` with its user. As root it runs as an unprivileged user. A server that still runs on the same
 * files is taken over. Throws AppError `database_unavailable` saying why it did not come up.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const folder = path.resolve(options.folder);
  const running = await takeOver(folder, options.password);
  if (running) return running;
  const binaries = postgresBinaries();
  const user = unprivilegedUser();
  await initialise(binaries, user, folder, options);
  const port = await freePort(options.preferredPort);
  const settings = [...SETTINGS, ...(options.throwaway ? THROWAWAY_SETTINGS : [])];
  const args = ['-D', folder, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  const server = spawnWatched(user, binaries.postgres, args, [folder], serverEnvironment());
  const lines = collectLines(server.process, options.onLine);
  const url = urlOf(port, options.password);
  try {
    await waitUntilReady(server.process, url, lines);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { url, port, started: true, stop: () => server.stop(), ended: server.ended };
}

/** A server that runs on these files already; one that is just starting or shutting down is waited for. */
async function takeOver(folder: string, password: string): Promise<EmbeddedPostgres | null> {
  const deadline = Date.now() + START_SECONDS * 1000;
  for (let running = findRunning(folder); running; running = findRunning(folder)) {
    const { pid, port, ready } = running;
    try {
      if (ready) {
        const url = urlOf(port, password);
        await ensureDatabase(url);
        const ended = processEnd(pid);
        return { url, port, started: false, stop: () => stopProcess(pid, ended), ended };
      }
    } catch (error) {
      if (!isUnavailable(error)) throw error;
    }
    if (Date.now() > deadline)
      throw new AppError('database_unavailable', `A PostgreSQL (process ${pid}) holds ${folder} but does not answer: end it, and start again.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return null;
}

async function initialise(binaries: PostgresBinaries, user: Unprivileged | null, folder: string, options: EmbeddedPostgresOptions): Promise<void> {
  if (existsSync(path.join(folder, 'PG_VERSION'))) return;
  mkdirSync(path.dirname(folder), { recursive: true });
  // What a killed first start left behind is not a database yet: initdb writes PG_VERSION early, so it works in a
  // folder of another name that gets its real one at the end.
  const draft = `${folder}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  const passwordFile = path.join(path.dirname(folder), '.initdb-password');
  writeFileSync(passwordFile, `${options.password}\n`, { mode: 0o600 });
  giveTo(user, draft);
  giveTo(user, passwordFile);
  const args = [
    `--pgdata=${draft}`,
    `--username=${EMBEDDED_USER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Sorting and character classes that no update of the machine's libraries can change under an index.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    `--locale=${process.platform === 'linux' ? 'C.UTF-8' : 'C'}`,
    ...(options.throwaway ? ['--no-sync'] : []),
  ];
  try {
    const child = spawnUnprivileged(user, binaries.initdb, args, [binaries.initdb, draft], { stdio: ['ignore', 'pipe', 'pipe'], env: serverEnvironment() });
    const lines = collectLines(child);
    const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
    if (code !== 0) {
      throw new AppError('database_unavailable', `The embedded PostgreSQL could not be initialised in ${folder}: ${lines.slice(-3).join(' ')}`);
    }
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(draft, folder);
}

async function waitUntilReady(server: ChildProcess, url: string, lines: string[]): Promise<void> {
  let failed: Error | null = null;
  server.once('error', (error) => (failed = error));
  const deadline = Date.now() + START_SECONDS * 1000;
  for (;;) {
    if (failed || server.exitCode !== null || server.signalCode !== null) {
      const reason = failed ? errorMessage(failed) : lines.slice(-3).join(' ');
      throw new AppError('database_unavailable', `The embedded PostgreSQL did not start: ${reason}`, { cause: failed ?? undefined });
    }
    try {
      await ensureDatabase(url);
      return;
    } catch (cause) {
      if (Date.now() > deadline) {
        throw new AppError('database_unavailable', `The embedded PostgreSQL did not answer within ${START_SECONDS} s: ${errorMessage(cause)}`, { cause });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function ensureDatabase(url: string): Promise<void> {
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  const client = new pg.Client({ connectionString: maintenance.href, connectionTimeoutMillis: 2000 });
  // Without a listener a connection that breaks while the server is still starting would end this process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [EMBEDDED_DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${EMBEDDED_DATABASE}`);
  } finally {
    await client.end();
  }
}

async function stopProcess(pid: number, ended: Promise<void>): Promise<void> {
  // The poll behind `ended` alone would not keep this process alive.
  const alive = setInterval(() => undefined, 1000);
  if (isAlive(pid)) process.kill(pid, 'SIGINT');
  await ended;
  clearInterval(alive);
}

function urlOf(port: number, password: string): string {
  return `postgresql://${EMBEDDED_USER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${EMBEDDED_DATABASE}`;
}

/** Messages in English, whatever the machine speaks, so that they can be searched for; nothing of ours (keys, passwords) is handed on. */
function serverEnvironment(): NodeJS.ProcessEnv | undefined {
  if (process.platform === 'win32') return undefined;
  const variables: Partial<NodeJS.ProcessEnv> = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' };
  return variables as NodeJS.ProcessEnv;
}

function collectLines(child: ChildProcess, onLine?: (line: string) => void): string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts.map((part) => part.trim()).filter((part) => part !== '')) {
        lines.push(line);
        if (lines.length > 50) lines.shift();
        onLine?.(line);
      }
    });
  }
  return lines;
}
