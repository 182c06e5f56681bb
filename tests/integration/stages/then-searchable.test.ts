import { beforeEach, expect, test } from 'vitest';
import type { Embedder } from '#gpu-worker/embed/embedder.ts';
import { afterCommit } from '#gpu-worker/stages/after-commit.ts';
import { insertExplanations } from '#gpu-worker/stages/explanation-rows.ts';
import { removeUnheadlined } from '#gpu-worker/stages/headlines.ts';
import { searchable } from '#gpu-worker/stages/searchable.ts';
import { storeEmbeddings, textHash } from '#gpu-worker/stages/text-embeddings.ts';
import { thenSearchable } from '#gpu-worker/stages/then-searchable.ts';
import { searchQuerySchema } from '#lib/search/schema.ts';
import { transaction } from '#platform/database/transaction.ts';
import type { TaskContext, TaskHandler } from '#platform/queue/types.ts';
import { createEmbeddedEngine } from '#platform/search/embedded.ts';
import { silent } from '#tests/integration/queue/fixtures.ts';
import { seedCoder, type Seeded } from '#tests/integration/server/seed.ts';
import { withDatabase } from '#tests/integration/with-database.ts';

const { pool } = await withDatabase();
const search = createEmbeddedEngine({ pool, vectorScan: null });
/** Only its name is asked for: what it has not embedded yet must not be waited for. */
const embedder = (): Promise<Embedder> => Promise.resolve({ id: 'e', dimensions: 4 } as Embedder);
const services = { pool, search, embedder, log: silent };

let seeded: Seeded;
let runs = 0;
beforeEach(async () => {
  await search.clear();
  const latents = [0, 1].map((index) => ({ index, status: 'ready' as const, frequency: 0.01, maxActivation: 10, explanation: null, score: null }));
  seeded = await seedCoder(pool, { model: 'm', coder: `c${++runs}`, latents });
});

const contextOf = (): TaskContext => ({
  runId: BigInt(seeded.runId),
  taskId: 1n,
  fence: 1,
  signal: new AbortController().signal,
  progress: () => undefined,
  commit: async (write) => void (await transaction(pool, write)),
});

/** Explains latent 0, as an explainer's handler does: in its commit. */
const explainer: TaskHandler<'explain.lexical'> = (_, context) =>
  context.commit(async (client) => {
    const common = { coderId: BigInt(seeded.coderId), runId: BigInt(seeded.runId), method: 'lexical', explainer: 'lexical-1', rule: null, inputKey: 'k' };
    await insertExplanations(client, [{ ...common, latentIndex: 0, text: 'Lighthouses of the coast', provenance: { sampleKey: 's1' } }]);
    return { explained: 1 };
  });
const payload = () => ({ runId: seeded.runId, latents: [0, 1] });
const find = async (q: string) => (await search.search(searchQuerySchema.parse({ q }), null)).hits;
const vectors = async () => (await pool.query<{ vector: Buffer | null }>('SELECT vector FROM search_entries')).rows.map(({ vector }) => vector);

test('what an explainer wrote is found by words at once, and has its vector and score after the index stage', async () => {
  await thenSearchable(services, explainer)(payload(), contextOf());
  expect(await find('lighthouse')).toMatchObject([{ coder: seeded.coder, latent: 0, score: null }]);
  expect(await vectors()).toEqual([null]);

  const vector = Float32Array.of(1, 0, 0, 0);
  await transaction(pool, (client) => storeEmbeddings(client, new Map([['e', new Map([[textHash('Lighthouses of the coast'), vector]])]])));
  await pool.query(
    `INSERT INTO scores (coder_id, latent_index, explanation_id, run_id, scorer, metric, value, lower, upper, n_positives, n_negatives, n_failed, exam, verdicts, provenance, input_key)
     SELECT coder_id, latent_index, id, run_id, 'embedding', 'auroc', 0.9, 0.8, 1, 50, 50, 0, 'test', '[]', '{}', 'k' FROM explanations WHERE coder_id = $1`,
    [seeded.coderId],
  );
  expect(await searchable(services, seeded.runId, [0, 1])).toBe(1);
  expect(await find('lighthouse')).toMatchObject([{ latent: 0, score: 0.9, scoreLower: 0.8 }]);
  expect((await vectors()).map((bytes) => bytes?.length)).toEqual([8]);
});

test('an index that is away does not fail a task that is complete', async () => {
  const away = { ...search, upsert: () => Promise.reject(new Error('the index is away')) };
  await thenSearchable({ ...services, search: away }, explainer)(payload(), contextOf());
  const { rows } = await pool.query('SELECT text FROM explanations WHERE coder_id = $1', [seeded.coderId]);
  expect(rows).toHaveLength(1);
});

test('an index that never answers holds a complete task for its patience at most, and not at all when the worker is to stop', async () => {
  const warned: Record<string, unknown>[] = [];
  const log = { ...silent, warn: (event: Record<string, unknown>) => void warned.push(event) };
  const never = (): Promise<never> => new Promise(() => undefined);
  await afterCommit({ log }, '1', contextOf(), never, 20);
  expect(warned).toMatchObject([{ event: 'search_behind', error: { name: 'TimeoutError' } }]);

  const stop = new AbortController();
  const asked: unknown[] = [];
  const busy = {
    ...search,
    upsert: (_: unknown, signal?: AbortSignal) => {
      asked.push(signal);
      stop.abort(new Error('shutting down'));
      return never();
    },
  };
  await thenSearchable({ ...services, log, search: busy }, explainer)(payload(), { ...contextOf(), signal: stop.signal });
  expect(asked).toEqual([expect.any(AbortSignal)]);
  expect(warned[1]).toMatchObject({ error: { message: 'shutting down' } });
  await afterCommit({ log }, '1', { signal: stop.signal }, () => Promise.resolve(asked.push('again')));
  expect(asked).toHaveLength(1);
});

test('what was explained before and stands in the index is not written again; what another sample took out comes back', async () => {
  await thenSearchable(services, explainer)(payload(), contextOf());
  let upserts = 0;
  const counting = { ...search, upsert: (...args: Parameters<typeof search.upsert>) => (upserts++, search.upsert(...args)) };
  const reuses: TaskHandler<'explain.lexical'> = (_, context) => context.commit(() => Promise.resolve({ explained: 0 }));
  await thenSearchable({ ...services, search: counting }, reuses)({ ...payload(), latents: [0] }, contextOf());
  expect(upserts).toBe(0);

  await pool.query(
    'UPDATE latents SET headline_explanation_id = NULL, headline_text = NULL, headline_method = NULL, headline_score = NULL, headline_score_lower = NULL WHERE coder_id = $1 AND index = 0',
    [seeded.coderId],
  );
  await removeUnheadlined(services, BigInt(seeded.coderId), [0]);
  expect(await find('lighthouse')).toEqual([]);
  await thenSearchable({ ...services, search: counting }, reuses)({ ...payload(), latents: [0] }, contextOf());
  expect(await find('lighthouse')).toMatchObject([{ latent: 0 }]);
});

test('what fails before the commit is the task’s failure, and nothing is indexed', async () => {
  const failing: TaskHandler<'explain.lexical'> = () => Promise.reject(new Error('no windows'));
  await expect(thenSearchable(services, failing)(payload(), contextOf())).rejects.toThrow('no windows');
  expect(await search.count()).toBe(0);
});
