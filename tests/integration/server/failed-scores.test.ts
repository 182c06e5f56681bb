import { beforeAll, expect, test } from 'vitest';
import type { SearchDocument } from '#lib/search/schema.ts';
import { ANONYMOUS } from '#server/access/actor.ts';
import { type ApiCaller, createCaller } from '#server/api/router.ts';
import { withDatabase } from '#tests/integration/with-database.ts';
import { seedCoder, type Seeded } from './seed.ts';
import { testServer } from './test-server.ts';

const database = await withDatabase();
let [api, coder]: [ApiCaller | null, Seeded | null] = [null, null];
const SCORE = { value: 0.9, lower: 0.8, upper: 0.95, control: 0.5 };

beforeAll(async () => {
  coder = await seedCoder(database.pool, {
    model: 'm',
    coder: 'wide',
    latents: [0, 1].map((index) => ({ index, status: 'ready', frequency: 0.1, maxActivation: 1, explanation: `Zeppelins ${index}.`, score: SCORE })),
  });
  const server = await testServer(database);
  api = createCaller({ server, actor: ANONYMOUS });
  const { rows } = await database.pool.query<{ id: string; latent: number }>('SELECT id::text, latent_index AS latent FROM explanations ORDER BY latent_index');
  await server.search.upsert(
    rows.map(({ id, latent }): SearchDocument => ({
      ...{
        id,
        coderId: coder!.coderId,
        model: 'm',
        coder: 'wide',
        latent,
        text: `Zeppelins ${latent}.`,
        method: 'lexical',
        layer: 2,
        hookpoints: ['layers.2'],
      },
      ...{ score: SCORE.value, scoreLower: SCORE.lower, frequency: 0.1, maxActivation: 1, vector: null },
    })),
  );
});

async function addScore(scorer: string, value: number | null, provenance: object, failure: string | null): Promise<void> {
  await database.pool.query(
    `INSERT INTO scores (coder_id, latent_index, explanation_id, run_id, scorer, metric, value, lower, upper, n_positives, n_negatives, n_failed, failure, exam, verdicts, provenance, input_key)
     SELECT coder_id, 0, id, run_id, $2, 'auroc', $3, $3, $3, 1, 1, 0, $4, 'test', '[]', $5, gen_random_uuid()::text FROM explanations WHERE coder_id = $1 AND latent_index = 0`,
    [coder!.coderId, scorer, value, failure, JSON.stringify(provenance)],
  );
}

const standing = async () =>
  (await api!.latents.get({ model: 'm', coder: 'wide', index: 0 })).explanations[0]!.scores.filter(({ current }) => current)
    .map(({ scorer, value, failure }) => [scorer, value ?? failure])
    .sort();

test('a score that newly failed takes the place of its older value, on the page, in lists and in hits', async () => {
  expect(await standing()).toEqual([['embedding', 0.9]]);
  await addScore('embedding', null, {}, 'Too few windows are left.');
  expect(await standing()).toEqual([['embedding', 'Too few windows are left.']]);
  const { latents } = await api!.latents.list({ model: 'm', coder: 'wide' });
  expect(latents.map(({ score, failure }) => [score?.value, failure])).toEqual([
    [undefined, 'Too few windows are left.'],
    [0.9, null],
  ]);
  const { hits } = await api!.search.query({ q: 'zeppelins' });
  const hit = (latent: number) => hits.find((one) => one.latent === latent);
  expect(hit(0)).toMatchObject({ score: null, scoreLower: null, failure: 'Too few windows are left.' });
  expect(hit(1)).toMatchObject({ score: 0.9, failure: null });
});

test('an older value stands where the same exam only went unanswered since; why there is no control is told', async () => {
  const unanswered = { failures: { bad_answer: 100, upstream: 0 } };
  await addScore('detection', 0.8, { promptsHash: 'e1', failures: { bad_answer: 0, upstream: 0 }, controlMissing: 'The run was told to take none.' }, null);
  await addScore('detection', null, { promptsHash: 'e1', ...unanswered }, 'No usable verdict.');
  expect(await standing()).toContainEqual(['detection', 0.8]);
  const { explanations } = await api!.latents.get({ model: 'm', coder: 'wide', index: 0 });
  expect(explanations[0]!.scores.find(({ scorer, current }) => scorer === 'detection' && current)?.controlMissing).toBe('The run was told to take none.');
  await addScore('detection', null, { promptsHash: 'e2', ...unanswered }, 'No usable verdict.');
  expect(await standing()).toContainEqual(['detection', 'No usable verdict.']);
});
