import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import type { Environment } from '#platform/environment/environment.ts';
import { readSecret } from './secrets.ts';

const instanceSchema = z.object({
  databaseUrl: z.string(),
  workerUrl: z.string(),
  siteUrl: z.string(),
});

/** Where the processes of the instance in a data folder listen (or listened, when it is stopped). */
export type Instance = z.infer<typeof instanceSchema>;

function instanceFile(dataDir: string): string {
  return path.join(dataDir, 'instance.json');
}

/** Written by the launcher, so that a command in a second terminal finds the same instance. Mode 0600: it holds a password. */
export function writeInstance(dataDir: string, instance: Instance): void {
  mkdirSync(dataDir, { recursive: true });
  const draft = `${instanceFile(dataDir)}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(instanceSchema.parse(instance), null, 2)}\n`, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, instanceFile(dataDir));
}

/** The instance whose state lies in `dataDir`, or null when none was ever started there. */
export function readInstance(dataDir: string): Instance | null {
  let text: string;
  try {
    text = readFileSync(instanceFile(dataDir), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    return instanceSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError('corrupt_file', `${instanceFile(dataDir)} cannot be read: delete it and start the instance again.`, { cause });
  }
}

/** An environment whose gaps the instance in its data folder has filled. */
export type InstanceEnvironment = Environment & {
  databaseUrl: string;
  workerUrl: string;
  siteUrl: string;
  workerSecret: string;
  authSecret: string;
};

/**
 * Fill what the environment leaves open (database, worker and site addresses, secrets) from the instance in its data
 * folder, running or stopped. What the environment says wins. Throws AppError `invalid_config` when neither knows.
 */
export function resolveInstance(env: Environment): InstanceEnvironment {
  const found = readInstance(env.dataDir);
  // Another database is another instance: its addresses are not those of the one that lies here.
  const instance = env.databaseUrl === null || env.databaseUrl === found?.databaseUrl ? found : null;
  const databaseUrl = env.databaseUrl ?? instance?.databaseUrl;
  if (databaseUrl === undefined) {
    throw new AppError('invalid_config', `There is no instance in ${env.dataDir}: start one with \`npm run demo\`, or set DATABASE_URL.`, {
      field: 'DATABASE_URL',
    });
  }
  return Object.freeze({
    ...env,
    databaseUrl,
    workerUrl: env.workerUrl ?? instance?.workerUrl ?? `http://127.0.0.1:${env.workerPort}`,
    siteUrl: env.siteUrl ?? instance?.siteUrl ?? `http://localhost:${env.sitePort}`,
    workerSecret: required('WORKER_SECRET', env.workerSecret ?? readSecret(env.dataDir, 'worker')),
    authSecret: required('AUTH_SECRET', env.authSecret ?? readSecret(env.dataDir, 'auth')),
  });
}

function required(variable: string, value: string | null): string {
  if (value !== null) return value;
  throw new AppError('invalid_config', `The environment variable ${variable} is not set: give it a random text of 32 characters or more.`, {
    field: variable,
  });
}
