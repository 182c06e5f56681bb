import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { transaction } from '#platform/database/transaction.ts';
import { copyRows, JsonValue, type CopyValue } from '#platform/database/copy-rows.ts';
import { withDatabase } from '#tests/integration/with-database.ts';

const { pool } = await withDatabase();
const COLUMNS = ['n', 't', 'b', 'a', 'j', 'f', 'at', 'big'];

beforeAll(async () => {
  await pool.query('CREATE TABLE things (n int, t text, b bytea, a text[], j jsonb, f float8, at timestamptz, big bigint)');
});
afterAll(() => pool.query('DROP TABLE things'));

async function roundTrip(rows: CopyValue[][]): Promise<Record<string, unknown>[]> {
  return transaction(pool, async (client) => {
    await client.query('TRUNCATE things');
    expect(await copyRows(client, 'things', COLUMNS, rows)).toBe(rows.length);
    return (await client.query('SELECT * FROM things ORDER BY n')).rows;
  });
}

test('nulls, escapes, bytes, arrays, json, extreme numbers and times arrive as they were sent', async () => {
  const at = new Date('2026-11-22T12:34:56.789Z');
  const json = [{ s: 'tab\t "quote" \\ new\nline', n: null }, 1.5];
  const rows = await roundTrip([
    [
      0,
      'tab\t back\\slash\nnew\r\\N \\.',
      new Uint8Array([0, 92, 10, 255]),
      ['a,b', 'NULL', '"q"', '{}', 'back\\', '', null],
      new JsonValue(json),
      -0.1,
      at,
      2n ** 62n,
    ],
    [1, null, null, null, null, null, null, null],
    [2, '', new Uint8Array(0), [], new JsonValue(null), Number.POSITIVE_INFINITY, at, -1n],
    [3, '\\N', new Uint8Array([1, 2, 3, 4]).subarray(1, 3), ['é🚢'], new JsonValue({}), Number.MIN_VALUE, at, 0n],
  ]);
  expect(rows).toEqual([
    {
      n: 0,
      t: 'tab\t back\\slash\nnew\r\\N \\.',
      b: Buffer.from([0, 92, 10, 255]),
      a: ['a,b', 'NULL', '"q"', '{}', 'back\\', '', null],
      j: json,
      f: -0.1,
      at,
      big: String(2n ** 62n),
    },
    { n: 1, t: null, b: null, a: null, j: null, f: null, at: null, big: null },
    { n: 2, t: '', b: Buffer.alloc(0), a: [], j: null, f: Number.POSITIVE_INFINITY, at, big: '-1' },
    { n: 3, t: '\\N', b: Buffer.from([2, 3]), a: ['é🚢'], j: {}, f: Number.MIN_VALUE, at, big: '0' },
  ]);
});

test('any text, array and json survives', async () => {
  // PostgreSQL stores no NUL in text.
  const text = fc.string({ unit: 'binary' }).map((s) => s.replaceAll('\0', ''));
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.option(text)), fc.uint8Array(), async (t, a, b) => {
      const [row] = await roundTrip([[0, t, b, a, new JsonValue({ t }), 0, null, null]]);
      expect(row).toMatchObject({ t, a, j: { t } });
      expect(Buffer.from(b).equals(row!['b'] as Buffer)).toBe(true);
    }),
    { numRuns: 200, seed: 22 },
  );
});

test('ten thousand rows from a generator', async () => {
  function* many() {
    for (let n = 0; n < 10_000; n++) yield [n, `row ${n}`, null, null, null, n / 7, null, null];
  }
  const rows = await roundTrip([...many()]);
  expect(rows).toHaveLength(10_000);
  expect(rows[9_999]).toMatchObject({ n: 9_999, t: 'row 9999', f: 9_999 / 7 });
});

test('a refused row writes nothing and leaves the connection usable', async () => {
  await expect(
    roundTrip([
      [0, 'a', null, null, null, null, null, null],
      ['x', 'b', null, null, null, null, null, null],
    ]),
  ).rejects.toThrow('invalid input syntax');
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});

test('a row that is too short is refused before it shifts the columns', async () => {
  await expect(roundTrip([[0, 'a']])).rejects.toThrow('2 values for 8 columns');
});
