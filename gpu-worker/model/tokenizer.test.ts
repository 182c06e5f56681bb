import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTokenizer } from './tokenizer.ts';

const DEMO = join(import.meta.dirname, '..', '..', 'models', 'presidents-4m');
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tokenizer-'));
});
afterEach(() => rm(dir, { recursive: true }));

async function withPattern(pattern: string): Promise<void> {
  const definition = JSON.parse(await readFile(join(DEMO, 'tokenizer.json'), 'utf8')) as Record<string, unknown>;
  const split = { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
  await writeFile(
    join(dir, 'tokenizer.json'),
    JSON.stringify({
      ...definition,
      pre_tokenizer: { type: 'Sequence', pretokenizers: [split, { type: 'ByteLevel', add_prefix_space: false, use_regex: false }] },
    }),
  );
}

test('a pattern of the file’s own splits as it should', async () => {
  await withPattern(' ?\\p{L}+| ?[^\\p{L}]+');
  const [own, reference] = [await openTokenizer(dir), await openTokenizer(DEMO)];
  expect([...own.encode('the Senate of the United States')]).toEqual([...reference.encode('the Senate of the United States')]);
});

test('one made to try for years is stopped with a sentence', async () => {
  await withPattern('(?:a+)+$');
  const tokenizer = await openTokenizer(dir, { limitMs: 200 });
  expect(() => tokenizer.encode(`${'a'.repeat(64)}b`)).toThrow(
    expect.objectContaining({ code: 'invalid_config', message: expect.stringContaining('regular expressions') }),
  );
});

test('an absurdly long one is refused', async () => {
  await withPattern('a'.repeat(20_001));
  await expect(openTokenizer(dir)).rejects.toMatchObject({ code: 'invalid_config' });
});
