import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MigrationList, SchemaFilter } from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';
import { AppError, errorMessage, isAppError } from '#lib/errors/app-error.ts';
import { openSchemaEngine } from './schema-engine.ts';
import { databaseUnavailable } from './unavailable.ts';

const PRISMA_FOLDER = fileURLToPath(new URL('../../prisma', import.meta.url));
export const NO_FILTER: SchemaFilter = { externalTables: [], externalEnums: [] };

/** The text of prisma/schema.prisma. */
export function readSchema(): string {
  return readFileSync(path.join(PRISMA_FOLDER, 'schema.prisma'), 'utf8');
}

/** The standard folders of prisma/migrations, as the engine takes them. */
export function readMigrations(folder = path.join(PRISMA_FOLDER, 'migrations')): MigrationList {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  return {
    baseDir: folder,
    lockfile: { path: 'migration_lock.toml', content: readFileSync(path.join(folder, 'migration_lock.toml'), 'utf8') },
    shadowDbInitScript: '',
    migrationDirectories: names.map((name) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: readFileSync(path.join(folder, name, 'migration.sql'), 'utf8') } },
    })),
  };
}

/**
 * Bring the database at `url` up to the migrations of this checkout, exactly as `prisma migrate deploy` would, and
 * return the names of those applied now. Throws AppError `database_unavailable` when it does not answer; `conflict`
 * when an applied migration was edited since, one failed half-way, or the database is newer than this checkout.
 */
export async function applyMigrations(url: string, migrations = readMigrations()): Promise<string[]> {
  // One connection: the engine's advisory lock belongs to the session that took it.
  const pool = new pg.Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 10_000 });
  pool.on('error', () => undefined);
  try {
    await pool.query('SELECT 1').catch((cause: unknown) => {
      throw databaseUnavailable(url, cause);
    });
    // Nothing to do is the rule, and the engine takes a second to load.
    if (await isUpToDate(pool, migrations)) return [];
    const engine = await openSchemaEngine(pool, readSchema());
    try {
      const state = await engine.diagnoseMigrationHistory({ migrationsList: migrations, optInToShadowDatabase: false, filters: NO_FILTER });
      refuse(state.editedMigrationNames, 'was edited after it had been applied to this database: restore the file, and make the change in a new migration');
      refuse(state.failedMigrationNames, 'failed on this database before: repair what it left, then delete its row from _prisma_migrations');
      const history = state.history;
      if (history && history.diagnostic !== 'databaseIsBehind') {
        refuse(history.unpersistedMigrationNames, 'has been applied to this database but is not in this checkout: update the checkout');
      }
      const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList: migrations, filters: NO_FILTER });
      return appliedMigrationNames;
    } finally {
      engine.free();
    }
  } catch (cause) {
    if (isAppError(cause)) throw cause;
    throw new AppError('internal', `The database could not be migrated: ${errorMessage(cause)}`, { cause });
  } finally {
    await pool.end();
  }
}

/** Whether the database has exactly these migrations, each applied to its end and unedited since. */
async function isUpToDate(pool: pg.Pool, { migrationDirectories }: MigrationList): Promise<boolean> {
  const { rows: tables } = await pool.query<{ known: boolean }>(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS known`);
  if (tables[0]?.known !== true) return false;
  const { rows } = await pool.query<{ name: string; checksum: string; applied: boolean }>(
    'SELECT migration_name AS name, checksum, finished_at IS NOT NULL AND rolled_back_at IS NULL AS applied FROM _prisma_migrations',
  );
  const checksums = new Map(rows.filter(({ applied }) => applied).map(({ name, checksum }) => [name, checksum]));
  return (
    rows.length === migrationDirectories.length &&
    migrationDirectories.every(({ path: name, migrationFile: { content } }) => content.tag === 'ok' && checksums.get(name) === sha256(content.value))
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function refuse(names: string[], reason: string): void {
  const [name] = names;
  if (name !== undefined) throw new AppError('conflict', `The migration ${name} ${reason}.`);
}
