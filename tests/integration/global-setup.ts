import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '#platform/database/embedded/embedded-postgres.ts';
import { applyMigrations } from '#platform/database/migrate.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server's maintenance database. */
    serverUrl: string;
    /** Name of the migrated database that every test file's own is cloned from. */
    template: string;
  }
}

const TEMPLATE = 'atlas_template_test';

/** One real PostgreSQL for all test files, in a folder of its own, with a migrated database to clone. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'atlas-test-'));
  // PostgreSQL runs as another user when we are root, and must be able to enter; its own folder below is closed.
  chmodSync(folder, 0o755);
  const server = await startEmbeddedPostgres({ folder: path.join(folder, 'postgres'), password: 'test', throwaway: true });
  const url = new URL(server.url);
  url.pathname = '/postgres';
  const client = new pg.Client(url.href);
  await client.connect();
  await client.query(`CREATE DATABASE ${TEMPLATE}`);
  await client.end();
  const template = new URL(server.url);
  template.pathname = `/${TEMPLATE}`;
  await applyMigrations(template.href);
  project.provide('serverUrl', url.href);
  project.provide('template', TEMPLATE);
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
