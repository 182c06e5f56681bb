import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, inject } from 'vitest';
import { openDatabase, type Database } from '#platform/database/database.ts';

/** A database of the calling test file's own, cloned from the migrated template and dropped at its end. */
export async function withDatabase(options: { max?: number } = {}): Promise<Database & { url: string }> {
  const url = await createTestDatabase();
  const database = await openDatabase(url, options);
  afterAll(() => database.close());
  return { ...database, url };
}

/** The URL of a new database: a clone of the migrated template, or an empty one; dropped at the end of the test file. */
export async function createTestDatabase({ empty = false } = {}): Promise<string> {
  const name = `atlas_${randomBytes(6).toString('hex')}_test`;
  await onServer(`CREATE DATABASE ${name}${empty ? '' : ` TEMPLATE ${inject('template')}`}`);
  afterAll(() => dropTestDatabase(name));
  const url = new URL(inject('serverUrl'));
  url.pathname = `/${name}`;
  return url.href;
}

async function dropTestDatabase(name: string): Promise<void> {
  if (!name.endsWith('_test')) throw new Error(`refusing to drop ${name}: it is not a test database`);
  await onServer(`DROP DATABASE ${name} WITH (FORCE)`);
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client(inject('serverUrl'));
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
