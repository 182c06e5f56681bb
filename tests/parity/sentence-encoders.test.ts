import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openEmbedder } from '#gpu-worker/embed/embedder.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import { GOLDEN, readJson } from './golden.ts';

const vectors = z.array(z.array(z.number()));
const schema = z.object({ texts: z.array(z.string()), input_ids: z.array(z.array(z.number())), document: vectors, query: vectors });
const folders = (await readdir(join(GOLDEN, 'embedders'), { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name);

/** Single precision summed in another order, over two blocks: the vectors have length 1. */
const TOLERANCE = 1e-5;

describe.each(folders)('%s', (name) => {
  const dir = join(GOLDEN, 'embedders', name);

  test('both sides of a text agree with sentence-transformers, alone and in a batch', async () => {
    const expected = await readJson(schema, 'embedders', name, 'expected.json');
    const tokenizer = await openTokenizer(dir);
    const embedder = await openEmbedder(dir, { threads: 1 });
    for (const [i, text] of expected.texts.entries()) {
      const ids = expected.input_ids[i]!;
      // What was cut keeps the token that closes a text.
      const found = [...tokenizer.encodeWithSpecials(text)];
      expect(found.length > ids.length ? [...found.slice(0, ids.length - 1), found.at(-1)] : found).toEqual(ids);
    }
    for (const side of ['document', 'query'] as const) {
      const together = await embedder.embed(expected.texts, side);
      expect(together).toHaveLength(expected.texts.length * embedder.dimensions);
      for (const [i, text] of expected.texts.entries()) {
        const alone = await embedder.embed([text], side);
        expected[side][i]!.forEach((value, d) => {
          expect(Math.abs(value - together[i * embedder.dimensions + d]!)).toBeLessThanOrEqual(TOLERANCE);
          expect(Math.abs(value - alone[d]!)).toBeLessThanOrEqual(TOLERANCE);
        });
      }
    }
    await embedder.close();
  });

  test('a query has an id of its own exactly where its vectors are its own', async () => {
    const { document, query } = await readJson(schema, 'embedders', name, 'expected.json');
    const embedder = await openEmbedder(dir, { threads: 1 });
    const same = JSON.stringify(document) === JSON.stringify(query);
    expect(embedder.queryId === embedder.id).toBe(same);
    const told = await openEmbedder(dir, { threads: 1, prompts: { query: 'find: ', document: '' } });
    expect(told.id).not.toBe(embedder.id);
    expect(told.queryId).not.toBe(told.id);
    await embedder.close();
    await told.close();
  });
});
