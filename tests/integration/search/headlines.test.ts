import { beforeAll, expect, test } from 'vitest';
import { refreshHeadlines, removeUnheadlined } from '#gpu-worker/stages/headlines.ts';
import { searchQuerySchema } from '#lib/search/schema.ts';
import { transaction } from '#platform/database/transaction.ts';
import { createEmbeddedEngine } from '#platform/search/embedded.ts';
import { loadSearchDocuments } from '#platform/search/documents.ts';
import { seedCoder, suppress, type Seeded } from '#tests/integration/server/seed.ts';
import { withDatabase } from '#tests/integration/with-database.ts';

const { pool } = await withDatabase();
const search = createEmbeddedEngine({ pool, vectorScan: null });
const INDICES = [1, 2, 4, 5, 7, 9];
let coder: Seeded;

beforeAll(async () => {
  coder = await seedCoder(pool, {
    model: 'm',
    coder: 'wide',
    latents: INDICES.map((index) => ({ index, status: 'ready', frequency: 0.01, maxActivation: 1, explanation: `Words number ${index}.`, score: null })),
  });
  // What the seed made is from another sample than the latents have; these are from theirs, each from a document of its own.
  await pool.query(
    `INSERT INTO explanations (coder_id, latent_index, run_id, method, explainer, text, provenance, input_key)
     SELECT coder_id, latent_index, run_id, method, explainer, text, jsonb_build_object('sampleKey', 's1', 'documents', ARRAY['d' || latent_index]), 'k2' FROM explanations`,
  );
  await refresh();
  for await (const documents of loadSearchDocuments(pool, { embedder: 'none' })) await search.upsert(documents);
});

const refresh = (): Promise<void> => transaction(pool, (client) => refreshHeadlines(client, BigInt(coder.coderId), INDICES));
const indexed = async (): Promise<number[]> => {
  const { hits } = await search.search(searchQuerySchema.parse({ limit: 100 }), null);
  return hits.map(({ latent }) => latent).sort((a, b) => a - b);
};
const headlined = async (): Promise<number[]> =>
  (await pool.query<{ index: number }>('SELECT index FROM latents WHERE headline_explanation_id IS NOT NULL ORDER BY index')).rows.map(({ index }) => index);

test('a latent whose only explanation is withheld, or of another sample, loses its headline and its entry', async () => {
  expect([await headlined(), await indexed()]).toEqual([INDICES, INDICES]);
  await suppress(pool, coder, 'd4');
  await pool.query(`UPDATE latents SET sample_key = 's2' WHERE index = 7`);
  await refresh();
  expect(await headlined()).toEqual([1, 2, 5, 9]);
  expect(await removeUnheadlined({ pool, search }, BigInt(coder.coderId), [4, 5])).toBe(1);
  expect(await indexed()).toEqual([1, 2, 5, 7, 9]);
  await removeUnheadlined({ pool, search }, BigInt(coder.coderId), INDICES);
  expect(await indexed()).toEqual([1, 2, 5, 9]);
});

test('an index holds nothing that a takedown withholds, whatever the headlines still say', async () => {
  await suppress(pool, coder, 'd9');
  expect(await headlined()).toContain(9);
  const documents = [];
  for await (const batch of loadSearchDocuments(pool, { embedder: 'none' })) documents.push(...batch);
  expect(documents.map(({ latent }) => latent)).toEqual([1, 2, 5]);
});

test('batches of ready latents cover between them those that are ready no more', async () => {
  for (const index of [1, 5, 9]) {
    await pool.query(
      `UPDATE latents SET status = 'too_few_windows', sample_key = 's3', headline_explanation_id = NULL, headline_text = NULL WHERE index = $1`,
      [index],
    );
  }
  // Ready are 2, 4 and 7. Before the first batch lies 1, in it and up to the next 5, behind the last 9.
  const batch = (latents: number[]) => removeUnheadlined({ pool, search }, BigInt(coder.coderId), latents, { between: { runId: BigInt(coder.runId) } });
  await batch([2, 4]);
  expect(await indexed()).toEqual([2, 5, 9]);
  await batch([7]);
  expect(await indexed()).toEqual([2]);
});
