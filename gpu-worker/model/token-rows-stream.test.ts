import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { streamTokenRows } from './token-rows-stream.ts';

const folder = mkdtempSync(join(tmpdir(), 'token-rows-'));
const file = join(folder, 'tokens.json');
afterAll(() => rmSync(folder, { recursive: true }));

async function read(text: string): Promise<number[][]> {
  writeFileSync(file, text);
  const rows: number[][] = [];
  for await (const { ids, rows: count, length } of streamTokenRows(file)) {
    expect(ids.length).toBe(count * length);
    for (let row = 0; row < count; row++) rows.push([...ids.subarray(row * length, (row + 1) * length)]);
  }
  return rows;
}

test('it reads what JSON.parse reads, whatever stands around the rows', async () => {
  const table = fc
    .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }))
    .chain(([rows, length]) =>
      fc.array(fc.array(fc.integer({ min: 0, max: 0x7fffffff }), { minLength: length, maxLength: length }), { minLength: rows, maxLength: rows }),
    );
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.dictionary(fc.string({ maxLength: 12 }), fc.jsonValue()),
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.constantFrom(0, 1, '\t'),
      async (rows, before, after, indent) => {
        delete before['input_ids'];
        delete after['input_ids'];
        const text = JSON.stringify(Object.fromEntries([...Object.entries(before), ['input_ids', rows], ...Object.entries(after)]), null, indent);
        expect(await read(text)).toEqual(rows);
      },
    ),
    { numRuns: 300 },
  );
});

test('rows beyond one block and one chunk come whole', async () => {
  const rows = Array.from({ length: 700 }, (_, row) => Array.from({ length: 256 }, (_, i) => row * 256 + i));
  expect(await read(JSON.stringify({ input_ids: rows }))).toEqual(rows);
  const long = [Array.from({ length: 150_000 }, (_, i) => i)];
  expect(await read(JSON.stringify({ input_ids: long }))).toEqual(long);
});

test.each([
  ['{"input_ids": [[1, 2], [3]]}', 'row 1'],
  ['{"input_ids": [[1, 2], 3]}', 'row 1'],
  ['{"input_ids": [[1, -2]]}', 'row 0'],
  ['{"input_ids": [[1, 2.5]]}', 'row 0'],
  ['{"input_ids": [[1, "2"]]}', 'row 0'],
  ['{"input_ids": [[1 2]]}', 'row 0'],
  ['{"input_ids": [[1,,2]]}', 'row 0'],
  ['{"input_ids": [[1, 2147483648]]}', 'row 0'],
  ['{"input_ids": []}', 'no row'],
  ['{"input_ids": [[]]}', 'no row'],
  ['{"input_ids": 4}', 'no list'],
  ['{"ids": [[1]]}', 'no list'],
  ['{"input_ids": [[1, 2]', 'ends too early'],
  ['{"input_ids": [[1, 2]]} x', 'follows its end'],
  ['[[1, 2]]', 'not JSON'],
])('%s is refused', async (text, why) => {
  await expect(read(text)).rejects.toMatchObject({ code: 'bad_request', message: expect.stringContaining(why) });
});

test('a file that is not there is named', async () => {
  await expect(streamTokenRows(join(folder, 'none.json')).next()).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining('none.json') });
});
