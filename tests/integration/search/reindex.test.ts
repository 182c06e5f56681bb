import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { createVectorIndex, type VectorIndex } from '#gpu-worker/embed/vector-index.ts';
import { encodeFloat16 } from '#lib/bytes/float16.ts';
import { rngFor } from '#lib/random/rng.ts';
import { searchQuerySchema, type SearchDocument } from '#lib/search/schema.ts';
import { loadSearchDocuments } from '#platform/search/documents.ts';
import { createEmbeddedEngine } from '#platform/search/embedded.ts';
import { reindexAll } from '#platform/search/reindex.ts';
import { inventLatents, type Seeded, seedCoder } from '#tests/integration/server/seed.ts';
import { withDatabase } from '#tests/integration/with-database.ts';

const EMBEDDER = 'invented@1';
const WIDTH = 16;
let pool: Pool;
let seeded: Seeded[];
let embedded: Set<string>;

/** A unit vector that depends on the text alone; every component is a half already. */
function vectorOf(text: string): Float32Array {
  const rng = rngFor('vector', text);
  const raw = Array.from({ length: WIDTH }, () => rng.next() - 0.5);
  const length = Math.hypot(...raw);
  return Float32Array.from(raw, (x) => x / length);
}

async function embed(texts: string[], embedder = EMBEDDER): Promise<void> {
  for (const text of new Set(texts)) {
    const hash = createHash('sha256').update(text).digest('hex');
    await pool.query('INSERT INTO text_embeddings VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [embedder, hash, encodeFloat16(vectorOf(text))]);
  }
}

async function load(options: Partial<Parameters<typeof loadSearchDocuments>[1]> = {}): Promise<SearchDocument[][]> {
  const batches: SearchDocument[][] = [];
  for await (const batch of loadSearchDocuments(pool, { embedder: EMBEDDER, ...options })) batches.push(batch);
  return batches;
}

const textsOf = (coder: Seeded): string[] => coder.latents.flatMap((latent) => latent.explanation ?? []);
const explained = (coder: Seeded): number[] => coder.latents.filter((latent) => latent.explanation !== null).map((latent) => latent.index);

beforeAll(async () => {
  ({ pool } = await withDatabase());
  seeded = [
    await seedCoder(pool, { model: 'small', coder: 'one', latents: inventLatents(60, 'a') }),
    await seedCoder(pool, { model: 'small', coder: 'two', latents: inventLatents(25, 'b'), layer: 3 }),
  ];
  // A few explanations stay without a vector.
  await embed(textsOf(seeded[0]!).slice(0, 8));
  embedded = new Set(textsOf(seeded[0]!).slice(0, 8));
});

describe('search documents', () => {
  test('are the latents with a headline, in batches of any size', async () => {
    const expected = seeded.flatMap((coder) => explained(coder).map((latent) => `${coder.coder} ${latent}`));
    expect(expected.length).toBeGreaterThan(20);
    for (const batch of [1, 7, 1000]) {
      const batches = await load({ batch });
      expect(batches.flat().map((document) => `${document.coder} ${document.latent}`)).toEqual(expected);
      expect(Math.max(...batches.map((documents) => documents.length))).toBe(Math.min(batch, expected.length));
    }
  });

  test('carry what the latent’s page shows, and its vector', async () => {
    const [one] = seeded;
    const latent = one!.latents.find((candidate) => candidate.score !== null && embedded.has(candidate.explanation ?? ''))!;
    const [document] = (await load({ coderId: BigInt(one!.coderId), latents: [latent.index] })).flat();
    const { rows } = await pool.query<{ id: string }>('SELECT id::text FROM explanations WHERE coder_id = $1 AND latent_index = $2', [
      one!.coderId,
      latent.index,
    ]);
    expect(rows.map((row) => row.id)).toContain(document!.id);
    expect(document).toMatchObject({
      coderId: one!.coderId,
      model: 'small',
      coder: 'one',
      latent: latent.index,
      text: latent.explanation,
      layer: 2,
      hookpoints: ['layers.2'],
      score: latent.score!.value,
      scoreLower: latent.score!.lower,
      frequency: latent.frequency,
      maxActivation: latent.maxActivation,
    });
    const wanted = vectorOf(latent.explanation!);
    document!.vector!.forEach((x, i) => expect(Math.abs(x - wanted[i]!)).toBeLessThanOrEqual(2 ** -12));
  });

  test('another embedder’s vectors are not taken', async () => {
    const documents = (await load({ embedder: 'other@1' })).flat();
    expect(documents.every((document) => document.vector === null)).toBe(true);
  });

  test('only of the coder and latents asked for', async () => {
    const two = BigInt(seeded[1]!.coderId);
    expect((await load({ coderId: two })).flat().map((document) => document.latent)).toEqual(explained(seeded[1]!));
    const some = explained(seeded[1]!).slice(0, 3);
    expect((await load({ coderId: two, latents: [...some, 99_999, 1] })).flat().map((document) => document.latent)).toEqual(some);
    expect(await load({ coderId: 12345n })).toEqual([]);
  });
});

test('a rebuild brings the index to what the database says, and drops what it does not', async () => {
  const engine = createEmbeddedEngine({ pool, vectorScan: null });
  await engine.upsert([
    {
      id: '999999',
      coderId: '77',
      model: 'gone',
      coder: 'gone',
      latent: 0,
      text: 'a zeppelin',
      method: 'lexical',
      layer: 0,
      hookpoints: [],
      score: null,
      scoreLower: null,
      frequency: 0,
      maxActivation: 0,
      vector: null,
    },
  ]);
  const progress: number[][] = [];
  const expected = seeded.reduce((sum, coder) => sum + explained(coder).length, 0);
  const lacking = seeded.flatMap(textsOf).filter((text) => !embedded.has(text)).length;
  expect(lacking).toBeGreaterThan(0);
  const result = await reindexAll({ pool, engine, embedder: EMBEDDER, onProgress: (done, total) => progress.push([done, total]) });
  expect(result).toMatchObject({ indexed: expected, withoutVector: lacking });
  expect(progress.at(-1)).toEqual([expected, expected]);
  expect(await engine.count()).toBe(expected);
  expect((await engine.search(searchQuerySchema.parse({ q: 'zeppelin' }), null)).total).toBe(0);
});

test('the vocabulary’s counts are those of the entries, whatever was replaced and removed', async () => {
  const engine = createEmbeddedEngine({ pool, vectorScan: null });
  await reindexAll({ pool, engine, embedder: EMBEDDER });
  const documents = (await load()).flat();
  await engine.upsert(documents.slice(0, 9).map((document) => ({ ...document, text: 'Quite another sentence, another one' })));
  const { rows } = await pool.query<{ words: string[] }>(
    `SELECT array_agg(DISTINCT word) AS words FROM search_entries, regexp_split_to_table(lower(text), '[^a-z]+') AS word WHERE word <> '' GROUP BY id`,
  );
  const expected = new Map<string, number>();
  for (const word of rows.flatMap((row) => row.words)) expected.set(word, (expected.get(word) ?? 0) + 1);
  const counted = await pool.query<{ word: string; entries: number }>('SELECT word, entries FROM search_words WHERE entries <> 0');
  expect(new Map(counted.rows.map((row) => [row.word, row.entries]))).toEqual(expected);
  expect((await pool.query<{ entries: string }>('SELECT entries FROM search_state')).rows[0]!.entries).toBe(String(documents.length));
  await reindexAll({ pool, engine, embedder: EMBEDDER });
});

describe('the vector index', () => {
  let index: VectorIndex;
  const failures: unknown[] = [];

  /** Cosines worked out here, from the stored bytes’ source. */
  const bruteForce = async (query: Float32Array, coderIds: string[] | null): Promise<{ id: string; similarity: number }[]> =>
    (await load())
      .flat()
      .filter((document) => document.vector !== null && (coderIds === null || coderIds.includes(document.coderId)))
      .map((document) => ({ id: document.id, similarity: document.vector!.reduce((sum, x, i) => sum + x * query[i]!, 0) }))
      .sort((a, b) => b.similarity - a.similarity || Number(a.id) - Number(b.id));

  beforeAll(() => {
    index = createVectorIndex({ pool, freshForMs: 0, patienceMs: 5000, onError: (error) => failures.push(error) });
    return () => index.close();
  });

  test('finds exactly what brute force finds', async () => {
    for (const coderIds of [null, [seeded[0]!.coderId], [seeded[1]!.coderId], [], ['404']]) {
      const query = vectorOf('a query');
      const expected = await bruteForce(query, coderIds);
      const found = await index.nearest(query, 7, coderIds);
      expect(found.map((hit) => hit.similarity)).toEqual(expected.slice(0, 7).map((hit) => expect.closeTo(hit.similarity, 5)));
      expect(new Set(found.map((hit) => hit.id)).size).toBe(found.length);
    }
  });

  test('finds what was written a moment ago, and forgets what was replaced or removed', async () => {
    const engine = createEmbeddedEngine({ pool, vectorScan: index });
    const before = index.size;
    const [document] = (await load({ coderId: BigInt(seeded[0]!.coderId) })).flat();
    const vector = vectorOf('something new');
    await engine.upsert([{ ...document!, id: '888888', vector }]);
    const [first] = await index.nearest(vector, 1, null);
    expect(first).toEqual({ id: '888888', similarity: expect.closeTo(1, 3) });
    expect(index.size).toBe(before);
    await engine.upsert([{ ...document!, id: '888889', vector: null }]);
    expect((await index.nearest(vector, 100, null)).map((hit) => hit.id)).not.toContain('888888');
    expect(index.size).toBe(before - 1);
    await engine.clear();
    expect(await index.nearest(vector, 5, null)).toEqual([]);
    await reindexAll({ pool, engine, embedder: EMBEDDER });
    expect((await index.nearest(vector, 100, null)).length).toBe(before);
    expect(failures).toEqual([]);
  });

  test('a query of another length says to rebuild', async () => {
    await expect(index.nearest(Float32Array.of(1), 1, null)).rejects.toMatchObject({ code: 'shape_mismatch' });
  });

  test('many blocks: agrees with brute force over thousands of rows', async () => {
    const engine = createEmbeddedEngine({ pool, vectorScan: index });
    const [template] = (await load()).flat();
    const many = Array.from({ length: 5000 }, (_, i): SearchDocument => ({
      ...template!,
      id: String(2_000_000 + i),
      coderId: String(500 + (i % 3)),
      latent: i,
      text: `n${i}`,
      vector: vectorOf(`row ${i}`),
    }));
    await engine.upsert(many);
    const query = vectorOf('row 4321');
    const expected = many
      .filter((document) => document.coderId === '501')
      .map((document) => ({ id: document.id, similarity: document.vector!.reduce((sum, x, i) => sum + x * query[i]!, 0) }))
      .sort((a, b) => b.similarity - a.similarity);
    const found = await index.nearest(query, 50, ['501']);
    expect(found[0]!.id).toBe(expected[0]!.id);
    found.forEach((hit, i) => expect(hit.similarity).toBeCloseTo(expected[i]!.similarity, 3));
  });
});
