import pg from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import { applyMigrations, NO_FILTER, readMigrations, readSchema } from '#platform/database/migrate.ts';
import { openSchemaEngine } from '#platform/database/schema-engine.ts';
import { createTestDatabase } from '#tests/integration/with-database.ts';

const url = await createTestDatabase();
const pool = new pg.Pool({ connectionString: url, max: 2 });
afterAll(() => pool.end());

async function drift(): Promise<string | null> {
  const files = [{ path: 'schema.prisma', content: readSchema() }];
  const engine = await openSchemaEngine(pool, readSchema());
  const { stdout } = await engine.diff({
    from: { tag: 'schemaDatasource', files, configDir: '.' },
    to: { tag: 'schemaDatamodel', files },
    script: true,
    exitCode: null,
    filters: NO_FILTER,
  });
  return stdout;
}

/** A model, a coder and its partitions; returns the coder's id. */
async function makeCoder(slug: string): Promise<string> {
  await pool.query(
    `INSERT INTO models (slug, name, family, location, revision, layers, width, vocabulary, context_length, parameters)
     VALUES ('m', 'm', 'llama', 'm', 'r', 4, 256, 4096, 256, 1) ON CONFLICT DO NOTHING`,
  );
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO sparse_coders (model_id, slug, name, location, revision, format, activation, width, input_hookpoints)
     SELECT id, $1, $1, 'c', 'r', 'sparsify', 'topk', 8, '{layers.2}' FROM models RETURNING id`,
    [slug],
  );
  await pool.query('SELECT create_coder_partitions($1)', [rows[0]!.id]);
  return rows[0]!.id;
}

const LATENT = `INSERT INTO latents (coder_id, index, run_id, status, firing_count, token_count, frequency, max_activation, mean_activation,
  train_windows, test_windows, train_documents, test_documents) VALUES ($1, $2, 1, 'ready', $3, 100, 0.1, 2, 1, 40, 50, 9, 9) RETURNING id`;

describe('the migrations', () => {
  test('make the schema that prisma/schema.prisma describes, also beside partitions', async () => {
    expect(await drift()).toContain('-- This is an empty migration.');
    await makeCoder('drift');
    expect(await drift()).toContain('-- This is an empty migration.');
    // The comparison sees differences at all.
    await pool.query('ALTER TABLE models ADD COLUMN surplus int');
    expect(await drift()).toContain('DROP COLUMN "surplus"');
    await pool.query('ALTER TABLE models DROP COLUMN surplus');
  });

  test('are applied once', async () => {
    const empty = await createTestDatabase({ empty: true });
    expect(await applyMigrations(empty)).toContain('20261122000000_init');
    expect(await applyMigrations(empty)).toEqual([]);
  });

  test('refuse a database whose migration was edited afterwards, by name', async () => {
    const edited = readMigrations();
    const [first] = edited.migrationDirectories;
    if (first?.migrationFile.content.tag !== 'ok') throw new Error('the first migration is not there');
    first.migrationFile.content.value += '\n-- a late thought';
    await expect(applyMigrations(url, edited)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('20261122000000_init was edited') });
  });

  test('refuse a database that is newer than the checkout', async () => {
    const older = readMigrations();
    older.migrationDirectories = [];
    await expect(applyMigrations(url, older)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('not in this checkout') });
  });

  test('leave nothing behind when one fails', async () => {
    const broken = readMigrations();
    broken.migrationDirectories.push({
      path: '20990101000000_broken',
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: 'CREATE TABLE half (a int); SELECT nothing_of_that_name();' } },
    });
    const fresh = await createTestDatabase();
    await expect(applyMigrations(fresh, broken)).rejects.toThrow('nothing_of_that_name');
    const client = new pg.Client(fresh);
    await client.connect();
    expect((await client.query(`SELECT to_regclass('half') AS found`)).rows).toEqual([{ found: null }]);
    await client.end();
  });

  test('a database that is down is said so in one sentence, without the password', async () => {
    const error: unknown = await applyMigrations('postgresql://atlas:hunter2@127.0.0.1:1/atlas').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'database_unavailable', message: expect.stringContaining('127.0.0.1:1/atlas') });
    expect(String(error)).not.toContain('hunter2');
  });
});

describe('partitions', () => {
  test('are made once, also by two at a time, and hold the rows of one coder', async () => {
    const coder = await makeCoder('twice');
    await Promise.all([pool.query('SELECT create_coder_partitions($1)', [coder]), pool.query('SELECT create_coder_partitions($1)', [coder])]);
    await pool.query(LATENT, [coder, 3, 7]);
    expect((await pool.query(`SELECT index FROM latents_c${coder}`)).rows).toEqual([{ index: 3 }]);
  });

  test('share one sequence of ids, so that an id names one row for ever', async () => {
    const ids = [];
    for (const coder of [await makeCoder('ids-a'), await makeCoder('ids-b')]) ids.push((await pool.query(LATENT, [coder, 0, 1])).rows[0].id);
    expect(new Set(ids).size).toBe(2);
  });

  test('refuse what cannot be: a second row of one latent, more firings than tokens, a rewritten explanation', async () => {
    const coder = await makeCoder('checks');
    await pool.query(LATENT, [coder, 0, 1]);
    await expect(pool.query(LATENT, [coder, 0, 1])).rejects.toThrow('duplicate key');
    await expect(pool.query(LATENT, [coder, 1, 101])).rejects.toThrow('latents_counts_check');
    await pool.query(
      `INSERT INTO explanations (coder_id, latent_index, run_id, method, explainer, text, provenance, input_key) VALUES ($1, 0, 1, 'lexical', 'lexical-1', 'ships', '{}', 'k')`,
      [coder],
    );
    await expect(pool.query(`UPDATE explanations SET text = 'boats' WHERE coder_id = $1`, [coder])).rejects.toThrow('append-only');
    await pool.query('DELETE FROM sparse_coders WHERE id = $1', [coder]);
    expect((await pool.query('SELECT 1 FROM explanations WHERE coder_id = $1', [coder])).rowCount).toBe(0);
  });
});
