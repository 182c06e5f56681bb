import { beforeAll, expect, test } from 'vitest';
import { takeDown } from '#gpu-worker/catalogue/take-down.ts';
import { refreshHeadlines } from '#gpu-worker/stages/headlines.ts';
import { loadExamples } from '#gpu-worker/stages/load-examples.ts';
import type { StoredExample } from '#lib/example/blob.ts';
import { latentListInputSchema } from '#lib/catalogue/schema.ts';
import { searchQuerySchema } from '#lib/search/schema.ts';
import { transaction } from '#platform/database/transaction.ts';
import { loadSearchDocuments } from '#platform/search/documents.ts';
import { createEmbeddedEngine } from '#platform/search/embedded.ts';
import { readFeatured, withExamples } from '#server/catalogue/featured.ts';
import { getLatent } from '#server/catalogue/latent-detail.ts';
import { listLatents } from '#server/catalogue/latent-list.ts';
import { readScoreDistribution } from '#server/catalogue/score-distribution.ts';
import { readTallies } from '#server/catalogue/tallies.ts';
import { withDatabase } from '#tests/integration/with-database.ts';
import { seedCoder, seedExamples, type Seeded } from './seed.ts';

const { pool } = await withDatabase();
const search = createEmbeddedEngine({ pool, vectorScan: null });
const INDICES = [1, 2, 4, 5, 7];
let coder: Seeded;

/** Five latents, each explained from a document of its own; latent 2 also by a language model, from another document. */
beforeAll(async () => {
  coder = await seedCoder(pool, {
    model: 'm',
    coder: 'wide',
    latents: INDICES.map((index) => ({ index, status: 'ready', frequency: 0.01, maxActivation: 1, explanation: null, score: null })),
  });
  for (const index of INDICES) {
    const explain = async (method: string, text: string, document: string, lower: number): Promise<void> => {
      await pool.query(
        `WITH made AS (INSERT INTO explanations (coder_id, latent_index, run_id, method, explainer, text, provenance, input_key)
           VALUES ($1, $2, $3, $4, $4 || '-1', $5, jsonb_build_object('sampleKey', 's1', 'documents', ARRAY[$6::text]), $5) RETURNING id)
         INSERT INTO scores (coder_id, latent_index, explanation_id, run_id, scorer, metric, value, lower, upper, control_value, n_positives, n_negatives, n_failed, exam, verdicts, provenance, input_key)
         SELECT $1, $2, id, $3, 'embedding', 'auroc', $7::float8 + 0.05, $7, $7::float8 + 0.1, 0.5, 50, 50, 0, 'test', '[]', '{}', $5 FROM made`,
        [coder.coderId, index, coder.runId, method, text, document, lower],
      );
    };
    await explain('lexical', `Words of ${index}.`, `d${index}`, 0.6);
    if (index === 2) await explain('llm', 'Silent orchards.', 'secret', 0.85);
  }
  await transaction(pool, (client) => refreshHeadlines(client, BigInt(coder.coderId), INDICES));
  for await (const documents of loadSearchDocuments(pool, { embedder: 'none' })) await search.upsert(documents);
  await seedExamples(pool, coder, 4, [
    { row: 1, start: 0, split: 'train', kind: 'activating', quantile: 0, document: 'd4', tokens: ['secret'], activations: [1] },
  ]);
});

/** All that a visitor can see of the catalogue as a whole. */
async function seen() {
  const { hits, total, facets } = await search.search(searchQuerySchema.parse({ limit: 100 }), null);
  const { values, n } = await readScoreDistribution(pool, coder.coderId);
  const { latents } = await listLatents(pool, latentListInputSchema.parse({ model: 'm', coder: 'wide', minScore: 0.1, sort: 'score', order: 'desc' }));
  return {
    hits: hits.map(({ latent, text }) => `${latent} ${text}`).sort(),
    total,
    facet: facets.method.map(({ value, count }) => `${value} ${count}`).sort(),
    featured: (await withExamples(pool, await readFeatured(pool))).map(({ index }) => index).sort(),
    distribution: [n, values.reduce((a, b) => a + b, 0)],
    scored: (await readTallies(pool)).byCoder.get(coder.coderId)?.scored,
    listed: latents.map(({ index }) => index),
  };
}

const down = (...documents: string[]) => takeDown({ pool, search, embedder: 'none' }, { text: 'speeches', documents, reason: 'asked for' });

test('a takedown leaves nothing of what was made from the document in search, figures and lists', async () => {
  const words = ['1 Words of 1.', '5 Words of 5.', '7 Words of 7.'];
  expect(await seen()).toMatchObject({
    hits: [...words, '2 Silent orchards.', '4 Words of 4.'].sort(),
    total: 5,
    facet: ['lexical 4', 'llm 1'],
    distribution: [5, 5],
    scored: 5,
    listed: [2, 1, 4, 5, 7],
  });
  const before = await readFeatured(pool);

  expect(await down('d4', 'secret')).toEqual({ added: 2, blocks: 0, latents: 1, withheld: 2, removed: 1, replaced: 1 });
  const after = {
    hits: [...words, '2 Words of 2.'].sort(),
    total: 4,
    facet: ['lexical 4'],
    featured: [1, 2, 5, 7],
    distribution: [4, 4],
    scored: 4,
    listed: [1, 2, 5, 7],
  };
  expect(await seen()).toEqual(after);
  // What a process read before and keeps for some seconds is not shown either.
  expect((await withExamples(pool, before)).map(({ index }) => index).sort()).toEqual([1, 5, 7]);

  expect(await down('d4')).toEqual({ added: 0, blocks: 0, latents: 1, withheld: 2, removed: 1, replaced: 1 });
  expect(await seen()).toEqual(after);
});

test('one that found the index away is made good by the next', async () => {
  const away = { ...search, remove: () => Promise.reject(new Error('away')) };
  await expect(takeDown({ pool, search: away, embedder: 'none' }, { text: 'speeches', documents: ['d7'], reason: 'r' })).rejects.toThrow('away');
  expect((await seen()).total).toBe(4);
  await down('d7');
  expect(await seen()).toMatchObject({ total: 3, hits: ['1 Words of 1.', '2 Words of 2.', '5 Words of 5.'], scored: 3 });
});

test('a text that nobody knows is refused, a key that nobody knows is kept', async () => {
  await expect(takeDown({ pool, search, embedder: 'none' }, { text: 'letters', documents: ['d1'], reason: 'r' })).rejects.toMatchObject({ code: 'not_found' });
  expect(await down('unheard of')).toMatchObject({ added: 1, latents: 0 });
});

test('a document that was cut into blocks takes them all with it, those of earlier versions and those still to come', async () => {
  const blocks = await seedCoder(pool, {
    model: 'm',
    coder: 'one-document',
    latents: [1, 2].map((index) => ({ index, status: 'ready' as const, frequency: 0.01, maxActivation: 1, explanation: null, score: null })),
  });
  const window = (document: string, split: 'train' | 'test', row: number): StoredExample => ({
    row,
    start: 1,
    split,
    kind: 'activating',
    quantile: 0,
    document,
    tokens: ['word'],
    activations: [1],
  });
  // Latent 1 as samples are now, which name the document beside its blocks; latent 2 as they were before.
  for (const [index, own] of [
    [1, ['novel']],
    [2, []],
  ] as const) {
    const windows = [window('novel#1', 'train', 1), window('novel#2', 'test', 2), window('novella', 'test', 3)];
    await seedExamples(pool, blocks, index, windows);
    await pool.query('UPDATE example_blobs SET document_keys = document_keys || $3::text[] WHERE coder_id = $1 AND latent_index = $2', [
      blocks.coderId,
      index,
      own,
    ]);
    for (const documents of [['novel#1', ...own], ['novella']]) {
      await pool.query(
        `INSERT INTO explanations (coder_id, latent_index, run_id, method, explainer, text, provenance, input_key)
         VALUES ($1, $2, $3, 'lexical', 'lexical-1', $4, jsonb_build_object('sampleKey', 's1', 'documents', $5::jsonb), $4)`,
        [blocks.coderId, index, blocks.runId, `Of ${documents[0]}.`, JSON.stringify(documents)],
      );
    }
  }
  expect(await down('novel')).toMatchObject({ added: 1, blocks: 2, latents: 2 });
  const loaded = await loadExamples(pool, BigInt(blocks.coderId), 's1', [1, 2]);
  for (const index of [1, 2]) {
    expect(loaded.get(index)).toMatchObject({ takenDown: { train: ['novel#1'], test: ['novel#2'] } });
    expect(loaded.get(index)!.examples.map(({ document }) => document)).toEqual(['novella']);
    const latent = await getLatent(pool, 'm', 'one-document', index);
    expect([latent.examples.length, latent.suppressedExamples, latent.withheldExplanations]).toEqual([1, 2, 1]);
    expect(latent.explanations.map(({ text }) => text)).toEqual(['Of novella.']);
  }
  // A block that no run had made by then.
  await seedExamples(pool, blocks, 1, [window('novel#7', 'train', 9)], 's2');
  await pool.query(`UPDATE example_blobs SET document_keys = '{novel,novel#7}' WHERE sample_key = 's2'`);
  expect((await loadExamples(pool, BigInt(blocks.coderId), 's2', [1])).get(1)!.examples).toEqual([]);
});
