import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import path from 'node:path';
import { AppError } from '#lib/errors/app-error.ts';
import { openDatabase } from '#platform/database/database.ts';
import type { Environment } from '#platform/environment/environment.ts';
import { writeInstance, type InstanceEnvironment } from '#platform/instance/instance.ts';
import { ensureSecret, secretFile } from '#platform/instance/secrets.ts';
import { startDatabase, startInstance, type StartedInstance } from '#platform/instance/start-instance.ts';
import type { Log } from '#platform/log/log.ts';
import { nextFreePort } from '#platform/network/free-port.ts';
import { buildSite, isSiteBuilt } from './build-site.ts';
import { readLine } from './format-line.ts';
import type { Console } from './console.ts';
import { showProgress } from './show-progress.ts';
import { claimDataFolder } from './single-instance.ts';
import { siteArguments } from './site-arguments.ts';
import type { StopList } from './stop-list.ts';
import { end, spawnNode, supervise, type Supervised } from './supervised.ts';
import { WORKER_ARGUMENTS } from './worker-arguments.ts';

/** Who signs in first, unless ATLAS_ADMIN_EMAIL says otherwise. */
const FIRST_ADMIN = 'admin@example.org';
/** Background work gives way to the site and to whatever else the machine does; alone, it still gets every core. */
const WORKER_NICENESS = 5;
/** More take turns on the database rather than finish sooner. */
const MAX_CPU_WORKERS = 7;
const WORKER_STOP_SECONDS = 20;
const SITE_STOP_SECONDS = 5;
const SITE_START_SECONDS = 60;

export interface LaunchParts {
  env: Environment;
  /** The variables that children inherit. */
  variables: NodeJS.ProcessEnv;
  /** Serve the site from its sources as they change, instead of a build. */
  dev: boolean;
  log: Log;
  terminal: Console;
  stops: StopList;
  /** Called when the launcher cannot go on. */
  onFatal: (error: unknown) => void;
}

export interface Launched {
  environment: InstanceEnvironment;
  children: { site: Supervised; worker: Supervised };
}

/** Start the whole system in order: database, worker, site. Everything started is in `stops`. Resolves when the site answers. */
export async function launch(parts: LaunchParts): Promise<Launched> {
  const { env, log, stops, terminal } = parts;
  const started = performance.now();
  stops.add('data folder', claimDataFolder(env.dataDir));
  const instance = await startInstance(env, log);
  if (instance.postgres) keepDatabase(parts, instance);
  const sitePort = await nextFreePort(env.sitePort, env.siteHost);
  // The site does not listen yet, so its port still looks free.
  const workerPort = await nextFreePort(env.workerPort === sitePort ? sitePort + 1 : env.workerPort, env.workerHost);
  if (sitePort !== env.sitePort) log.warn({ event: 'port_taken', wanted: env.sitePort, using: sitePort });
  const environment: InstanceEnvironment = {
    ...instance.environment,
    sitePort,
    workerPort,
    siteUrl: env.siteUrl ?? `http://localhost:${sitePort}`,
    workerUrl: env.workerUrl ?? `http://127.0.0.1:${workerPort}`,
  };
  writeInstance(env.dataDir, environment);
  const variables = childVariables(parts, environment);
  const onLine = (name: string) => (text: string) => {
    const line = readLine(text, name, new Date());
    if (line) terminal.line(line);
  };

  const database = await openDatabase(environment.databaseUrl, { max: 2 });
  stops.add('launcher’s connection', () => database.close());
  stops.add('progress', showProgress(database.pool, terminal, log));
  // With nothing to build the site answers within seconds, if nothing else wants the processor then; a build leaves time for both.
  const siteFirst = parts.dev || isSiteBuilt(variables);
  const [site, worker] = siteFirst ? [await startSite(), await startWorker()] : await Promise.all([startSite(), startWorker()]);
  return { environment, children: { site, worker } };

  async function startWorker(): Promise<Supervised> {
    await bootstrap(variables, stops, onLine('atlas'));
    const args = [...WORKER_ARGUMENTS];
    // JavaScript uses one core a process; the other cores are for the batches that need no numeric runtime.
    const helpers = Math.min(MAX_CPU_WORKERS, availableParallelism() - 1);
    const worker = supervise(
      { name: 'worker', args, env: variables, onLine: onLine('worker'), niceness: WORKER_NICENESS, stopSeconds: WORKER_STOP_SECONDS },
      log,
    );
    stops.add('worker', () => worker.stop());
    for (let n = 1; n <= helpers; n++) {
      const name = `worker-cpu-${n}`;
      const helper = supervise(
        {
          name,
          args,
          env: { ...variables, WORKER_NAME: name, ATLAS_QUEUES: 'cpu' },
          onLine: onLine(name),
          niceness: WORKER_NICENESS,
          stopSeconds: WORKER_STOP_SECONDS,
        },
        log,
      );
      stops.add(name, () => helper.stop());
    }
    return worker;
  }

  async function startSite(): Promise<Supervised> {
    if (!parts.dev) await buildSite(variables, log, (stop) => stops.add('site’s build', stop));
    const args = siteArguments(parts.dev ? 'dev' : 'start', { host: environment.siteHost, port: sitePort });
    const site = supervise({ name: 'site', args, env: variables, onLine: onLine('site'), stopSeconds: SITE_STOP_SECONDS }, log);
    stops.add('site', () => site.stop());
    await waitForSite(`http://${environment.siteHost}:${sitePort}`, stops);
    log.info({ event: 'ready', site: environment.siteUrl, seconds: Math.round((performance.now() - started) / 100) / 10 });
    return site;
  }
}

/** What each child is told, on top of what we were. */
function childVariables({ env, variables }: LaunchParts, environment: InstanceEnvironment): NodeJS.ProcessEnv {
  const admin =
    env.adminEmail !== null && env.adminPassword !== null
      ? { email: env.adminEmail, password: env.adminPassword }
      : { email: env.adminEmail ?? FIRST_ADMIN, password: ensureSecret(env.dataDir, 'admin') };
  return {
    ...variables,
    ATLAS_DATA_DIR: env.dataDir,
    DATABASE_URL: environment.databaseUrl,
    WORKER_URL: environment.workerUrl,
    WORKER_PORT: String(environment.workerPort),
    WORKER_SECRET: environment.workerSecret,
    AUTH_SECRET: environment.authSecret,
    PORT: String(environment.sitePort),
    SITE_URL: environment.siteUrl,
    ATLAS_ADMIN_EMAIL: admin.email,
    ATLAS_ADMIN_PASSWORD: admin.password,
    NEXT_TELEMETRY_DISABLED: '1',
  };
}

/** Where to sign in, and the file with the password when it was made here. */
export function signInHint(env: Environment, siteUrl: string): { url: string; email: string; passwordFile: string | null } {
  return {
    url: new URL('/sign-in', siteUrl).href,
    email: env.adminEmail ?? FIRST_ADMIN,
    passwordFile: env.adminPassword === null ? path.relative(process.cwd(), secretFile(env.dataDir, 'admin')) : null,
  };
}

/** Start PostgreSQL again on the same port when it ends unasked; the others find it by themselves. */
function keepDatabase(parts: LaunchParts, instance: StartedInstance): void {
  let { postgres } = instance;
  const { log, stops } = parts;
  let wanted = true;
  const watch = () => {
    void postgres?.ended.then(async () => {
      if (!wanted) return;
      log.error({ event: 'process_crashed', name: 'postgres' });
      try {
        const again = await startDatabase(parts.env, log);
        if (again.port !== postgres?.port) throw new AppError('database_unavailable', 'The embedded PostgreSQL ended, and its port is taken now: start again.');
        postgres = again;
        watch();
      } catch (error) {
        parts.onFatal(error);
      }
    });
  };
  watch();
  stops.add('postgres', async () => {
    wanted = false;
    await postgres?.stop();
    log.info({ event: 'postgres_stopped' });
  });
}

/** Enter what is bundled, and queue the demo run on an empty catalogue, by the command line's own command. */
async function bootstrap(env: NodeJS.ProcessEnv, stops: StopList, onLine: (line: string) => void): Promise<void> {
  const lines: string[] = [];
  const child = spawnNode({
    args: ['--import', 'tsx', 'cli/main.ts', 'bootstrap', '--demo'],
    env,
    onLine(line) {
      lines.push(line);
      onLine(line);
    },
  });
  stops.add('bootstrap', () => end(child, SITE_STOP_SECONDS));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new AppError('internal', `The bundled models could not be entered in the catalogue: ${lines.slice(-5).join(' ')}`);
}

async function waitForSite(site: string, stops: StopList): Promise<void> {
  const deadline = Date.now() + SITE_START_SECONDS * 1000;
  while (!stops.stopping) {
    try {
      const response = await fetch(`${site}/healthz`, { signal: AbortSignal.timeout(5000) });
      if (response.ok) return;
      if (Date.now() > deadline)
        throw new AppError('internal', `The site started, but its health check answers ${response.status}: ${(await response.text()).slice(0, 300)}`);
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      if (Date.now() > deadline) throw new AppError('internal', `The site did not answer at ${site} within ${SITE_START_SECONDS} s.`, { cause });
    }
    await delay(100);
  }
}
