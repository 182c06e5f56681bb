import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '#lib/errors/app-error.ts';
import { searchPageSchema } from '#lib/search/page.ts';
import type { SearchDocument } from '#lib/search/schema.ts';
import type { EmbedderClient } from '#platform/embedder/types.ts';
import { ANONYMOUS } from '#server/access/actor.ts';
import { handleRest } from '#server/api/rest.ts';
import { type ApiCaller, createCaller } from '#server/api/router.ts';
import { health } from '#server/health.ts';
import { withDatabase } from '#tests/integration/with-database.ts';
import { inventLatents, type Seeded, seedCoder, seedExamples, suppress } from './seed.ts';
import { SITE, testServer } from './test-server.ts';

let server: Awaited<ReturnType<typeof testServer>>;
let database: Awaited<ReturnType<typeof withDatabase>>;
let api: ApiCaller;
let coder: Seeded;

beforeAll(async () => {
  database = await withDatabase();
  coder = await seedCoder(database.pool, { model: 'm', coder: 'wide', latents: inventLatents(60, 'search') });
  server = await testServer(database);
  const { rows } = await database.pool.query<{
    id: string;
    index: number;
    text: string;
    score: number | null;
    lower: number | null;
    frequency: number;
    max: number;
  }>(
    `select headline_explanation_id as id, index, headline_text as text, headline_score as score, headline_score_lower as lower, frequency, max_activation as max
     from latents where headline_explanation_id is not null`,
  );
  await server.search.upsert(
    rows.map((row): SearchDocument => ({
      id: row.id, coderId: coder.coderId, model: 'm', coder: 'wide', latent: row.index, text: row.text, method: 'lexical', layer: 2, hookpoints: ['layers.2'],
      score: row.score, scoreLower: row.lower, frequency: row.frequency, maxActivation: row.max, vector: null,
    })), // prettier-ignore
  );
  api = createCaller({ server, actor: ANONYMOUS });
});

test('hits carry the whole score and the window that fires most, without documents taken down', async () => {
  const found = coder.latents.find((latent) => latent.score !== null && latent.explanation?.includes('railways'))!;
  await seedExamples(server.pool, coder, found.index);
  const page = searchPageSchema.parse(await api.search.query({ q: 'railway' }));
  expect(page).toMatchObject({ mode: 'words', engine: 'embedded' });
  expect(page.total).toBe(coder.latents.filter((latent) => latent.explanation?.includes('railways')).length);
  const hit = page.hits.find((candidate) => candidate.latent === found.index);
  expect(hit).toMatchObject({
    score: found.score!.value,
    scoreLower: found.score!.lower,
    scoreUpper: found.score!.upper,
    control: 0.5,
    nPositives: 50,
    nNegatives: 50,
  });
  expect(hit?.example?.tokens).toEqual(['private', ' letters']);
  expect(page.hits.filter((candidate) => candidate.latent !== found.index).every((candidate) => candidate.example === null)).toBe(true);
  await suppress(server.pool, coder, 'b');
  const after = await api.search.query({ q: 'railway' });
  expect(after.hits.find((candidate) => candidate.latent === found.index)?.example?.tokens).toEqual(['the', ' ships']);
});

test('a hit whose explanation was made from a document taken down since is not shown', async () => {
  const latent = coder.latents.find(({ explanation, index }) => explanation !== null && index > 20)!;
  const { rows } = await database.pool.query<{ id: string }>(
    `insert into explanations (coder_id, latent_index, run_id, method, explainer, text, provenance, input_key)
     values ($1, $2, $3, 'llm', 'some-model', 'Submarines.', '{"documents": ["logbook"]}', 'withheld') returning id::text`,
    [coder.coderId, latent.index, coder.runId],
  );
  const document: SearchDocument = {
    id: rows[0]!.id, coderId: coder.coderId, model: 'm', coder: 'wide', latent: 100_001, text: 'Submarines.', method: 'llm', layer: 2, hookpoints: ['layers.2'],
    score: null, scoreLower: null, frequency: 0.1, maxActivation: 1, vector: null,
  }; // prettier-ignore
  await server.search.upsert([document]);
  const find = async () => (await api.search.query({ q: 'submarines' })).hits.map(({ text }) => text);
  expect(await find()).toEqual(['Submarines.']);
  await suppress(server.pool, coder, 'logbook');
  expect(await find()).toEqual([]);
  await server.search.remove(coder.coderId, [100_001]);
});

test('a hit that Postgres no longer knows is not shown', async () => {
  const ghost: SearchDocument = {
    id: '999999', coderId: '999999', model: 'gone', coder: 'gone', latent: 1, text: 'Zeppelins.', method: 'lexical', layer: 2, hookpoints: [],
    score: null, scoreLower: null, frequency: 0.1, maxActivation: 1, vector: null,
  }; // prettier-ignore
  await server.search.upsert([ghost]);
  expect((await api.search.query({ q: 'zeppelins' })).hits).toEqual([]);
});

test('browsing and filters go through', async () => {
  const page = await api.search.query({ minScore: 0.3, sort: 'score', limit: 100 });
  expect(page.mode).toBe('browse');
  const wanted = coder.latents.filter((latent) => latent.score !== null && latent.score.lower >= 0.3).map((latent) => latent.index);
  expect(page.hits.map((hit) => hit.latent).sort((a, b) => a - b)).toEqual(wanted);
  const rest = await handleRest(server, new Request(`${SITE}/api/v1/search?minScore=0.3&sort=score&limit=100&layer=2&layer=3`));
  expect(searchPageSchema.parse(await rest.json()).hits.map((hit) => hit.latent)).toEqual(page.hits.map((hit) => hit.latent));
});

describe('an embedder', () => {
  const withEmbedder = async (embed: EmbedderClient['embed']) => {
    const other = await testServer(database, { embedder: { id: 'e', dimensions: 2, embed } });
    const vectors: (Float32Array | null)[] = [];
    const spied = {
      ...other,
      search: {
        ...other.search,
        search: (query: Parameters<typeof other.search.search>[0], vector: Float32Array | null) => (vectors.push(vector), other.search.search(query, vector)),
      },
    };
    return { caller: createCaller({ server: spied, actor: ANONYMOUS }), vectors, lines: other.lines };
  };

  test('gives the engine the query’s meaning, asked for once a text', async () => {
    let asked = 0;
    const { caller, vectors } = await withEmbedder(async (texts) => {
      asked += 1;
      return texts.map(() => Float32Array.of(0.6, 0.8));
    });
    await caller.search.query({ q: 'ships' });
    await caller.search.query({ q: ' ships ', page: 1, layer: [2] });
    await caller.search.query({});
    expect(vectors).toEqual([Float32Array.of(0.6, 0.8), Float32Array.of(0.6, 0.8), null]);
    expect(asked).toBe(1);
  });

  test.each(['worker_unavailable', 'upstream_failed', 'forbidden'] as const)('that answers %s costs the visitor nothing but meaning', async (code) => {
    const { caller, lines } = await withEmbedder(async () => {
      throw new AppError(code, 'the worker is away');
    });
    const page = await caller.search.query({ q: 'ships' });
    expect(page.mode).toBe('words');
    expect(page.hits.length).toBeGreaterThan(0);
    expect(lines.join()).toContain('search_without_meaning');
  });
});

describe('health', () => {
  test('says which part is away: without a worker the site serves, without a database it does not', async () => {
    expect(await health(server)).toEqual({ ok: true, database: 'up', worker: 'down' });
    const broken = { ...server, pool: { query: () => Promise.reject(new Error('away')) } as unknown as typeof server.pool };
    expect(await health(broken)).toEqual({ ok: false, database: 'down', worker: 'down' });
  });

  test('finds the worker', async () => {
    const worker = createHttpServer((request, response) => response.writeHead(request.url === '/healthz' ? 200 : 404).end());
    await new Promise<void>((resolve) => worker.listen(0, '127.0.0.1', resolve));
    afterAll(() => new Promise((resolve) => worker.close(resolve)));
    const workerUrl = `http://127.0.0.1:${(worker.address() as AddressInfo).port}`;
    expect(await health({ ...server, environment: { ...server.environment, workerUrl } })).toEqual({ ok: true, database: 'up', worker: 'up' });
  });
});
