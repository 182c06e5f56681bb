import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadEnvironment } from '#platform/environment/environment.ts';
import { readInstance, resolveInstance, writeInstance } from './instance.ts';
import { ensureSecret, readSecret, secretFile } from './secrets.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'atlas-instance-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const instance = { databaseUrl: 'postgresql://atlas:pw@127.0.0.1:5500/atlas', workerUrl: 'http://127.0.0.1:3101', siteUrl: 'http://localhost:3001' };

test('a secret is made once, kept, long and readable by its owner only', () => {
  expect(readSecret(dataDir, 'worker')).toBeNull();
  const made = ensureSecret(dataDir, 'worker');
  expect(made).toMatch(/^[\w-]{32}$/);
  expect(ensureSecret(dataDir, 'worker')).toBe(made);
  expect(ensureSecret(dataDir, 'auth')).not.toBe(made);
  expect(statSync(secretFile(dataDir, 'worker')).mode & 0o777).toBe(0o600);
  expect(readdirSync(path.join(dataDir, 'secrets')).sort()).toEqual(['auth.secret', 'worker.secret']);
});

test('a second process finds the instance and its secrets', () => {
  // What is handed over may hold more, such as a key; only the addresses are written.
  writeInstance(dataDir, { ...instance, ...{ llm: 'key' } });
  const worker = ensureSecret(dataDir, 'worker');
  const auth = ensureSecret(dataDir, 'auth');
  expect(statSync(path.join(dataDir, 'instance.json')).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(path.join(dataDir, 'instance.json'), 'utf8'))).toEqual(instance);
  expect(readInstance(dataDir)).toEqual(instance);
  const env = resolveInstance(loadEnvironment({ ATLAS_DATA_DIR: dataDir }));
  expect(env).toMatchObject({ ...instance, workerSecret: worker, authSecret: auth });
});

test('what the environment says wins over the instance', () => {
  writeInstance(dataDir, instance);
  const secret = 'x'.repeat(32);
  const env = resolveInstance(
    loadEnvironment({ ATLAS_DATA_DIR: dataDir, DATABASE_URL: 'postgresql://elsewhere/atlas', WORKER_SECRET: secret, AUTH_SECRET: secret }),
  );
  expect(env).toMatchObject({ databaseUrl: 'postgresql://elsewhere/atlas', workerUrl: 'http://127.0.0.1:3100', workerSecret: secret });
});

test('given the same database, the instance still says where its worker listens', () => {
  writeInstance(dataDir, instance);
  ensureSecret(dataDir, 'worker');
  ensureSecret(dataDir, 'auth');
  const source = { ATLAS_DATA_DIR: dataDir, DATABASE_URL: instance.databaseUrl };
  expect(resolveInstance(loadEnvironment(source)).workerUrl).toBe(instance.workerUrl);
  expect(resolveInstance(loadEnvironment({ ...source, WORKER_URL: 'http://gpu:3100' })).workerUrl).toBe('http://gpu:3100');
});

test('an empty folder is no instance, and the sentence says what to do', () => {
  expect(() => resolveInstance(loadEnvironment({ ATLAS_DATA_DIR: dataDir }))).toThrow('npm run demo');
});
