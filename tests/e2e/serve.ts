import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { siteArguments } from '#infra/launcher/site-arguments.ts';
import { StopList } from '#infra/launcher/stop-list.ts';
import { end, spawnNode } from '#infra/launcher/supervised.ts';
import { WORKER_ARGUMENTS } from '#infra/launcher/worker-arguments.ts';
import { openDatabase } from '#platform/database/database.ts';
import { loadEnvironment } from '#platform/environment/environment.ts';
import { startInstance } from '#platform/instance/start-instance.ts';
import { createLog } from '#platform/log/log.ts';
import { freePort } from '#platform/network/free-port.ts';
import { createUser } from '#server/auth/users.ts';
import { buildTestedSite, DIST_DIR } from './build.ts';
import { ADMIN, FIRST_RUN, PLAIN_USER, SITE_URL } from './site.ts';

// The site under test: a database of its own, a catalogue from one small real run, the built site and a worker. Playwright
// starts this, waits until the site answers, and ends it with SIGTERM. The site comes last, so that it answers when all is there.

const STOP_SECONDS = 10;

const log = createLog({ name: 'e2e', level: 'warn' });
const stops = new StopList(log);
const print = (name: string) => (line: string) => void process.stdout.write(`[${name}] ${line}\n`);

async function stop(code: number): Promise<void> {
  await stops.stop();
  process.exit(code);
}
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => void stop(0));

try {
  await serve();
} catch (error) {
  log.fatal({ event: 'not_started', error });
  await stop(1);
}

async function serve(): Promise<void> {
  await buildTestedSite(log);
  const folder = mkdtempSync(path.join(tmpdir(), 'atlas-e2e-'));
  stops.add('folder', () => rmSync(folder, { recursive: true, force: true }));
  const site = new URL(SITE_URL);
  const workerPort = String(await freePort());
  // Nothing of whoever runs the tests: their database, keys and language model stay theirs.
  const { PATH, HOME } = process.env;
  const variables = {
    PATH,
    HOME,
    ATLAS_DATA_DIR: folder,
    ATLAS_DIST_DIR: DIST_DIR,
    ATLAS_ADMIN_EMAIL: ADMIN.email,
    ATLAS_ADMIN_PASSWORD: ADMIN.password,
    LOG_LEVEL: 'warn',
    NEXT_TELEMETRY_DISABLED: '1',
    NODE_ENV: 'production' as const,
    PORT: site.port,
    SITE_URL,
    WORKER_PORT: workerPort,
    WORKER_URL: `http://127.0.0.1:${workerPort}`,
  };
  const instance = await startInstance(loadEnvironment(variables), log);
  stops.add('postgres', () => instance.postgres?.stop());
  await command(variables, 'bootstrap');
  const config = path.join(folder, 'run.yaml');
  // JSON is YAML.
  writeFileSync(config, JSON.stringify(FIRST_RUN));
  await command(variables, 'run', config);
  const database = await openDatabase(instance.environment.databaseUrl, { max: 1 });
  await createUser(database, PLAIN_USER);
  await database.close();
  start('worker', [...WORKER_ARGUMENTS], variables);
  start('site', siteArguments('start', { host: '127.0.0.1', port: Number(site.port) }), variables);
}

/** Runs the `atlas` command; throws with its last lines when it fails. */
async function command(env: NodeJS.ProcessEnv, ...args: string[]): Promise<void> {
  const lines: string[] = [];
  const child = spawnNode({ args: ['--import', 'tsx', 'cli/main.ts', ...args], env, onLine: (line) => lines.push(line) });
  stops.add(`atlas ${args.join(' ')}`, () => end(child, STOP_SECONDS));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`atlas ${args.join(' ')} ended with ${code}:\n${lines.slice(-20).join('\n')}`);
}

/** Starts a process that is meant to last; the tests are over when it ends by itself. */
function start(name: string, args: string[], env: NodeJS.ProcessEnv): void {
  const child = spawnNode({ args, env, onLine: print(name) });
  stops.add(name, () => end(child, STOP_SECONDS));
  child.once('close', (code) => {
    if (stops.stopping) return;
    log.fatal({ event: 'process_ended', name, code });
    void stop(1);
  });
}
