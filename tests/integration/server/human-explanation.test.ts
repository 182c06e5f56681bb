import { beforeAll, expect, test } from 'vitest';
import { refreshHeadlines } from '#gpu-worker/stages/headlines.ts';
import { transaction } from '#platform/database/transaction.ts';
import { ANONYMOUS, type Actor } from '#server/access/actor.ts';
import { createCaller, type ApiCaller } from '#server/api/router.ts';
import type { Server } from '#server/context.ts';
import { withDatabase } from '#tests/integration/with-database.ts';
import { seedCoder, seedExamples, suppress, type Seeded } from './seed.ts';
import { testServer } from './test-server.ts';

const database = await withDatabase();
const ADA: Actor = { kind: 'session', user: { id: 'u1', name: 'Ada', email: 'ada@example.org', role: 'user' } };
const EVE: Actor = { kind: 'session', user: { id: 'u2', name: '<b>Eve</b>', email: 'eve@example.org', role: 'user' } };
const place = { model: 'm', coder: 'c', index: 0 };
let server: Server;
let coder: Seeded;
const as = (actor: Actor): ApiCaller => createCaller({ server, actor });

beforeAll(async () => {
  server = await testServer(database);
  const latent = { status: 'ready', frequency: 0.1, maxActivation: 4, explanation: 'A run’s words', score: null } as const;
  coder = await seedCoder(server.pool, {
    model: 'm',
    coder: 'c',
    latents: [
      { index: 0, ...latent },
      { index: 1, ...latent, explanation: null },
    ],
  });
  await seedExamples(server.pool, coder, 0);
});

test('keeps what somebody signed in says, under their name, for the sealed exam', async () => {
  const { id } = await as(ADA).latents.explain({ ...place, text: '  Ships\nat sea ' });
  const { rows } = await server.pool.query('SELECT * FROM explanations WHERE coder_id = $1 AND id = $2', [coder.coderId, id]);
  expect(rows).toMatchObject([
    {
      method: 'human',
      explainer: 'Ada',
      text: 'Ships at sea',
      latent_index: 0,
      created_by_id: 'u1',
      run_id: coder.runId,
      provenance: { exam: 'reserve', enteredBy: 'Ada', sampleKey: 's1' },
    },
  ]);
  const { explanations } = await as(ANONYMOUS).latents.get(place);
  expect(explanations.map(({ text, method, baseline }) => [text, method, baseline])).toEqual([
    ['A run’s words', 'lexical', true],
    ['Ships at sea', 'human', false],
  ]);
  // A person's name is shown; an account's number and address are nobody's business.
  expect(JSON.stringify(explanations)).not.toMatch(/u1|ada@/);
});

test('keeps markup as the text it is', async () => {
  await as(EVE).latents.explain({ ...place, text: '<script>alert(1)</script> boats' });
  const { explanations } = await as(ANONYMOUS).latents.get(place);
  expect(explanations[1]).toMatchObject({ text: '<script>alert(1)</script> boats', explainer: '<b>Eve</b>' });
});

test('refuses whoever is not signed in, what is no phrase, what is not there, and the same thing twice', async () => {
  await expect(as(ANONYMOUS).latents.explain({ ...place, text: 'Ships' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(as(ADA).latents.explain({ ...place, text: ' ' })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  await expect(as(ADA).latents.explain({ ...place, text: 'ship '.repeat(100) })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  await expect(as(ADA).latents.explain({ ...place, index: 9999, text: 'Ships' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(as(ADA).latents.explain({ ...place, coder: 'none', text: 'Ships' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(as(ADA).latents.explain({ ...place, text: 'Ships at  sea' })).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(as(EVE).latents.explain({ ...place, text: 'Ships at sea' })).resolves.toMatchObject({ id: expect.stringMatching(/^\d+$/) });
});

test('never takes the headline from a run, and is not withheld by a takedown', async () => {
  await server.pool.query(
    `INSERT INTO explanations (coder_id, latent_index, run_id, method, explainer, text, provenance, input_key)
     VALUES ($1, 0, $2, 'lexical', 'lexical-2', 'Newer words', '{"sampleKey": "s1", "documents": ["a"]}', 'k2')`,
    [coder.coderId, coder.runId],
  );
  const headline = async (): Promise<unknown> => {
    await transaction(server.pool, (client) => refreshHeadlines(client, BigInt(coder.coderId), [0]));
    return (await server.pool.query('SELECT headline_text FROM latents WHERE coder_id = $1 AND index = 0', [coder.coderId])).rows[0];
  };
  expect(await headline()).toEqual({ headline_text: 'Newer words' });
  await suppress(server.pool, coder, 'a');
  const { explanations, withheldExplanations } = await as(ANONYMOUS).latents.get(place);
  expect([explanations.map(({ method }) => method), withheldExplanations]).toEqual([['lexical', 'human', 'human', 'human'], 1]);
});

test('shows how explainers were chosen and fared', async () => {
  await server.pool.query(
    `INSERT INTO explanation_attempts (coder_id, latent_index, run_id, asked, method, reason, input_key, cause, message) VALUES
       ($1, 0, $2, 'auto', 'single_token', 'It fires on one token.', 'k', NULL, NULL), ($1, 0, $2, 'refine', 'refine', NULL, NULL, 'bad_answer', 'the answer was cut off'),
       ($1, 0, $2, 'lexical', 'lexical', NULL, 'k1', NULL, NULL)`,
    [coder.coderId, coder.runId],
  );
  expect((await as(ANONYMOUS).latents.get(place)).attempts).toEqual([
    { asked: 'auto', method: 'single_token', reason: 'It fires on one token.', cause: null, message: null },
    { asked: 'refine', method: 'refine', reason: null, cause: 'bad_answer', message: 'the answer was cut off' },
  ]);
  expect((await as(ANONYMOUS).latents.get({ ...place, index: 1 })).attempts).toEqual([]);
});
