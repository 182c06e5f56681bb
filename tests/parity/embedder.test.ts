import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { openEmbedder } from '#gpu-worker/embed/embedder.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import { readJson } from './golden.ts';

const dir = join(import.meta.dirname, '..', '..', 'models', 'all-MiniLM-L6-v2');
const schema = z.object({ cases: z.array(z.object({ text: z.string(), input_ids: z.array(z.number()), embedding: z.array(z.number()) })) });

test('token ids and vectors agree with transformers, whatever stands beside a text in its batch', async () => {
  const { cases } = await readJson(schema, 'embedder', 'expected.json');
  const tokenizer = await openTokenizer(dir);
  for (const { text, input_ids: ids } of cases.filter((c) => c.input_ids.length < 256)) expect([...tokenizer.encodeWithSpecials(text)]).toEqual(ids);
  const embedder = await openEmbedder(dir);
  const { dimensions } = embedder;
  const together = await embedder.embed(cases.map((c) => c.text));
  for (const [i, { text, embedding }] of cases.entries()) {
    const alone = await embedder.embed([text]);
    const batched = together.subarray(i * dimensions, (i + 1) * dimensions);
    expect(Math.max(...embedding.map((value, d) => Math.abs(value - batched[d]!)))).toBeLessThanOrEqual(1e-4);
    // The same text alone and padded: the same sums in another order, so float32's last bits may differ.
    expect(Math.max(...batched.map((value, d) => Math.abs(value - alone[d]!)))).toBeLessThanOrEqual(1e-6);
    expect(Math.hypot(...batched)).toBeCloseTo(1, 5);
  }
  expect(await embedder.embed([])).toHaveLength(0);
  await embedder.close();
});
