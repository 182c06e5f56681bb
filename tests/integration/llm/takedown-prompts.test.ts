import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { writeDataSet } from '#gpu-worker/activations/data-set.ts';
import { takeDownPrompts } from '#gpu-worker/catalogue/take-down-prompts.ts';
import { recordedChat } from '#gpu-worker/llm/recorded-chat.ts';
import { createRequestStore } from '#gpu-worker/llm/requests/request-store.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { scriptedChat } from '#tests/doubles/scripted-chat.ts';
import { seedCoder, seedExamples, type Seeded } from '#tests/integration/server/seed.ts';
import { withDatabase } from '#tests/integration/with-database.ts';

const { pool } = await withDatabase();
const artifacts = memoryArtifacts();
const MODEL = path.resolve('models/presidents-4m');

const SECRET = 'The envoy wrote that the harbour would be closed to every foreign vessel before the winter, and that nobody in the capital knew of it.';
const OPEN = 'We propose to spend more upon the schools of the territories this year than has been spent in any year since the peace was signed.';
/** Stands in examples alone, of a run whose data set is gone. */
const OLD = 'An earlier run had read of the governor and his brothers, who sold the forest above the river to three companies at once.';

let seeded: Seeded;
beforeAll(async () => {
  seeded = await seedCoder(pool, {
    model: 'm',
    coder: 'c',
    latents: [{ index: 0, status: 'ready', frequency: 0.1, maxActivation: 1, explanation: null, score: null }],
  });
  await pool.query('UPDATE models SET location = $1', [MODEL]);
  const tokenizer = await openTokenizer(MODEL);
  const rowLength = 64;
  const rows = [SECRET, OPEN].map((text) => [...tokenizer.encode(text)].slice(0, rowLength));
  const tokens = new Int32Array(2 * rowLength);
  rows.forEach((ids, row) => tokens.set(ids, row * rowLength));
  const packed = { tokens, document: Uint32Array.of(0, 1), length: Uint16Array.from(rows, ({ length }) => length), rows: 2 };
  await writeDataSet(artifacts, 'data', packed, {
    rowLength,
    bos: -1,
    documents: [
      { key: 'letters#1', split: 'train' },
      { key: 'budget', split: 'test' },
    ],
  });
  await pool.query(`UPDATE runs SET results = '{"dataKey": "data"}' WHERE id = $1`, [seeded.runId]);
  const gone = await seedCoder(pool, { model: 'm', coder: 'old', latents: [] });
  await pool.query(`UPDATE runs SET results = '{"dataKey": "gone"}' WHERE id = $1`, [gone.runId]);
  await seedExamples(pool, seeded, 0, [
    {
      row: 1,
      start: 0,
      split: 'train',
      kind: 'activating',
      quantile: 0,
      document: 'letters#7',
      tokens: OLD.split(/(?= )/),
      activations: OLD.split(/(?= )/).map(() => 1),
    },
  ]);
});

const everything = async (): Promise<string> => {
  const packs = await Promise.all([...artifacts.files].filter(([key]) => key.startsWith('llm/')).map(([, bytes]) => promisify(gunzip)(bytes)));
  const { rows } = await pool.query<{ bytes: Buffer | null }>('SELECT bytes FROM llm_raw_batches');
  return [...packs, ...rows.flatMap(({ bytes }) => bytes ?? [])].map((bytes) => bytes.toString('utf8')).join('\n');
};

test('a takedown deletes every prompt that holds the text, marked or cut, packed or not, and no other', async () => {
  const prompts = [
    `Window 1: ${SECRET.slice(0, 70)}`,
    `Which fire? ${SECRET.slice(40).replace('every', '«every»').replace('vessel', '«ves»sel')}`,
    OLD.slice(20, 90).split(' ').map((word, i) => `${word}\t${i % 10}\n`).join(''),
    `Window 2: ${OPEN}`,
    'Nothing of either',
  ]; // prettier-ignore
  const ask = async (from: number, to: number) => {
    const store = createRequestStore({ pool, artifacts, workerId: `w${from}`, onError: (error) => expect.fail(String(error)) });
    const chat = recordedChat({ chat: scriptedChat(() => 'Answer about ships.'), store, runId: seeded.runId, caps: null, price: null });
    await Promise.all(prompts.slice(from, to).map((content) => chat.chat({ messages: [{ role: 'user', content }], maxTokens: 9, temperature: 0 })));
    return store;
  };
  // The first are packed, the last still lie in the database.
  await (await ask(0, 4)).close();
  const open = await ask(4, 5);
  const down = () => takeDownPrompts({ pool, artifacts }, { text: 'speeches', documents: ['letters'] });

  expect(await down()).toEqual({ read: 5, deleted: 3, gone: 1 });
  const left = await everything();
  for (const gone of ['harbour', 'capital knew', 'governor']) expect(left).not.toContain(gone);
  for (const kept of ['schools of the territories', 'Nothing of either']) expect(left).toContain(kept);
  const { rows } = await pool.query('SELECT count(*)::int AS all, count(raw_batch_id)::int AS kept, count(duration_ms)::int AS counted FROM llm_requests');
  expect(rows).toEqual([{ all: 5, kept: 2, counted: 5 }]);
  expect(await down()).toMatchObject({ read: 2, deleted: 0 });
  expect(await takeDownPrompts({ pool, artifacts }, { text: 'speeches', documents: ['unheard of'] })).toMatchObject({ deleted: 0 });
  await open.close();
});
