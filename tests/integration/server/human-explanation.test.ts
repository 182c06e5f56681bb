import { beforeAll, expect, test } from 'vitest';
import { refreshHeadlines } from '#gpu-worker/stages/headlines.ts';
import { transaction } from '#platform/database/transaction.ts';
import { ANONYMOUS, type Actor } from '#server/access/actor.ts';
import { createCaller, type ApiCaller } from '#server/api/router.ts';
import type { Server } from '#server/context.ts';
import { withDatabase } from '#tests/integration/with-database.ts';
import { seedCoder, seedExamples, suppress, type Seeded } from './seed.ts';
import { testServer } from './test-server.ts';
import { ENTRIES_AN_HOUR } from '#lib/explanation/moderation.ts';

const database = await withDatabase();
const ADA: Actor = { kind: 'session', user: { id: 'u1', name: 'Ada', email: 'ada@example.org', role: 'user' } };
const EVE: Actor = { kind: 'session', user: { id: 'u2', name: '<b>Eve</b>', email: 'eve@example.org', role: 'user' } };
const ADMIN: Actor = { kind: 'session', user: { id: 'u9', name: 'Root', email: 'root@example.org', role: 'admin' } };
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

const textsFor = async (actor: Actor): Promise<string[]> => (await as(actor).latents.get({ ...place, index: 1 })).explanations.map(({ text }) => text);

test('is withdrawn by its author alone, for good, and who did it stays known', async () => {
  const at = { ...place, index: 1 };
  const { id } = await as(ADA).latents.explain({ ...at, text: 'Boats' });
  await as(EVE).latents.explain({ ...at, text: 'Rafts' });
  await server.pool.query(
    `insert into scores (coder_id, latent_index, explanation_id, run_id, scorer, metric, value, n_positives, n_negatives, n_failed, exam, verdicts, provenance, input_key)
     values ($1, 1, $2, $3, 'embedding', 'auroc', 0.8, 50, 50, 0, 'reserve', '[]', '{}', 'own')`,
    [coder.coderId, id, coder.runId],
  );
  const score = (await as(ANONYMOUS).latents.get(at)).explanations.find(({ text }) => text === 'Boats')!.scores[0]!;
  await expect(as(ANONYMOUS).latents.withdraw({ ...at, explanation: id })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  for (const other of [EVE, ADMIN]) await expect(as(other).latents.withdraw({ ...at, explanation: id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(as(ADA).latents.withdraw({ ...place, explanation: id }), 'of another latent').rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(await textsFor(ANONYMOUS)).toEqual(['Rafts', 'Boats']);

  expect(await as(ADA).latents.withdraw({ ...at, explanation: id })).toMatchObject({ state: 'withdrawn', own: true });
  expect(await textsFor(ANONYMOUS)).toEqual(['Rafts']);
  await expect(as(ANONYMOUS).latents.exam({ ...at, score: score.id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(as(ADA).latents.withdraw({ ...at, explanation: id })).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(as(ADMIN).latents.moderate({ ...at, explanation: id, hidden: false })).rejects.toMatchObject({ code: 'CONFLICT' });
  const { explanations } = await as(ADA).latents.entered(at);
  expect(explanations).toMatchObject([{ text: 'Boats', state: 'withdrawn', own: true, events: [{ action: 'entered', by: 'Ada' }, { action: 'withdrawn', by: 'Ada' }] }]); // prettier-ignore
});

test('is hidden and shown again by an admin, with who, when and why kept; a headline goes with it', async () => {
  const at = { ...place, index: 1 };
  const { id } = await as(EVE).latents.explain({ ...at, text: 'Something rude' });
  await transaction(server.pool, (client) => refreshHeadlines(client, BigInt(coder.coderId), [1]));
  const listed = async () => (await as(ANONYMOUS).latents.list({ model: 'm', coder: 'c' })).latents.find(({ index }) => index === 1)?.explanation;
  expect(await listed()).toBe('Something rude');
  await expect(as(ADA).latents.moderate({ ...at, explanation: id, hidden: true })).rejects.toMatchObject({ code: 'FORBIDDEN' });

  const hidden = await as(ADMIN).latents.moderate({ ...at, explanation: id, hidden: true, reason: 'Be kind.' });
  expect(hidden).toMatchObject({ state: 'hidden', own: false, events: [{ action: 'entered', by: '<b>Eve</b>' }, { action: 'hidden', by: 'Root', reason: 'Be kind.', at: expect.stringMatching(/Z$/) }] }); // prettier-ignore
  expect(await textsFor(ANONYMOUS)).toEqual(['Rafts']);
  expect(await listed()).toBeNull();
  await expect(as(ADMIN).latents.moderate({ ...at, explanation: id, hidden: true })).rejects.toMatchObject({ code: 'CONFLICT' });
  // Its author sees why; others see nothing of it.
  expect((await as(EVE).latents.entered(at)).explanations.map(({ text, state }) => [text, state])).toEqual([
    ['Something rude', 'hidden'],
    ['Rafts', 'public'],
  ]);
  expect((await as(ADA).latents.entered(at)).explanations.map(({ text }) => text)).toEqual(['Boats']);
  expect((await as(ADMIN).latents.entered(at)).explanations.map(({ text }) => text)).toEqual(['Something rude', 'Rafts', 'Boats']);

  await as(ADMIN).latents.moderate({ ...at, explanation: id, hidden: false });
  expect(await textsFor(ANONYMOUS)).toEqual(['Something rude', 'Rafts']);
  await expect(server.pool.query(`update explanation_events set by_name = 'Nobody'`)).rejects.toThrow(/append-only/);
});

test('is refused beyond so many an hour for one account, also when they come at once', async () => {
  const BUSY: Actor = { kind: 'session', user: { id: 'u3', name: 'Busy', email: 'busy@example.org', role: 'user' } };
  const enter = (n: number) => as(BUSY).latents.explain({ ...place, text: `Thought ${'x'.repeat(n)}` });
  const sent = await Promise.allSettled(Array.from({ length: ENTRIES_AN_HOUR + 5 }, (_, n) => enter(n + 1)));
  expect(sent.filter(({ status }) => status === 'fulfilled')).toHaveLength(ENTRIES_AN_HOUR);
  await expect(enter(99)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS', message: expect.stringMatching(/^You have entered 30 explanations within an hour: go on after \d\d:\d\d UTC\.$/) }); // prettier-ignore
  // Nobody else is held up.
  await as(ADA).latents.explain({ ...place, text: 'Yet another' });
});
