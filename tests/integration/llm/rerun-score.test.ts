import { afterAll, expect, test } from 'vitest';
import { createOpenAiChatClient } from '#gpu-worker/llm/openai-chat-client.ts';
import { createRequestStore } from '#gpu-worker/llm/requests/request-store.ts';
import { rerunScore, scoreReportLines } from '#gpu-worker/stages/rerun-score.ts';
import { createRunCache } from '#gpu-worker/stages/run-cache.ts';
import { scoreLlm } from '#gpu-worker/stages/score-llm.ts';
import type { WorkerServices } from '#gpu-worker/stages/services.ts';
import { transaction } from '#platform/database/transaction.ts';
import type { TaskContext } from '#platform/queue/types.ts';
import { startChatEndpoint, type Misbehaviour } from '#tests/doubles/chat-endpoint.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { plantedLatents } from '#tests/doubles/planted.ts';
import { wordModel } from '#tests/doubles/word-model.ts';
import { seedCoder, seedExamples, suppress } from '#tests/integration/server/seed.ts';
import { withDatabase } from '#tests/integration/with-database.ts';

const { pool } = await withDatabase();
const artifacts = memoryArtifacts();

let judge = wordModel();
let misbehave: (call: number) => Misbehaviour | null = () => null;
const endpoint = await startChatEndpoint({ answer: (messages) => judge(messages), misbehave: (call) => misbehave(call) });
const requests = createRequestStore({ pool, artifacts, workerId: 'rerun', onError: (error) => expect.fail(String(error)) });
afterAll(async () => {
  await requests.close();
  await endpoint.close();
});
const services = {
  ...{ pool, artifacts, requests, completions: null, prices: { own: [] }, cache: createRunCache(2) },
  chat: createOpenAiChatClient({ baseUrl: endpoint.baseUrl, apiKey: null, model: endpoint.model, sleep: () => Promise.resolve() }),
} as Partial<WorkerServices> as WorkerServices;

const planted = plantedLatents(2, 22);
const seeded = await seedCoder(pool, {
  model: 'planted',
  coder: 'rerun',
  latents: planted.map(({ index, explanation }) => ({ index, status: 'ready', frequency: 0.01, maxActivation: 10, explanation, score: null })),
});
for (const { index, examples } of planted) await seedExamples(pool, seeded, index, examples);
await pool.query(`UPDATE runs SET config = config || '{"scorers": ["detection"], "detectionControl": "none"}', results = '{"sampleKey": "s1"}' WHERE id = $1`, [
  seeded.runId,
]);
await pool.query(
  `INSERT INTO explanation_attempts (coder_id, latent_index, run_id, asked, method, input_key)
   SELECT coder_id, latent_index, run_id, 'lexical', 'lexical', input_key FROM explanations WHERE coder_id = $1`,
  [seeded.coderId],
);
const context: TaskContext = {
  ...{ runId: BigInt(seeded.runId), taskId: 1n, fence: 1, signal: new AbortController().signal, progress: () => undefined },
  commit: async (write) => void (await transaction(pool, write)),
};
await scoreLlm(services, { frequency: () => Promise.reject(new Error('detection marks nothing')) })(
  { runId: seeded.runId, latents: planted.map(({ index }) => index), scorers: ['detection'] },
  context,
);
const scores = (
  await pool.query<{ id: string; value: number }>('SELECT id::text, value FROM scores WHERE coder_id = $1 ORDER BY latent_index', [seeded.coderId])
).rows;
const id = scores[0]!.id;
const kept = async () => (await pool.query('SELECT (SELECT count(*) FROM scores) AS scores, (SELECT count(*) FROM llm_requests) AS requests')).rows[0];

test('a score taken again is asked for past every stored answer, agrees, and stores nothing', async () => {
  const [before, made] = [await kept(), endpoint.calls.length];
  const again = await rerunScore(services, id);
  expect(again).toMatchObject({
    sameExam: true,
    differences: [],
    agrees: true,
    tolerance: 0.02,
    then: { value: scores[0]!.value },
    now: { value: scores[0]!.value },
  });
  expect(again.verdicts).toEqual({ same: 100, of: 100 });
  expect(endpoint.calls.length - made).toBe(again.calls);
  expect(again.calls).toBeGreaterThan(0);
  expect(await kept()).toEqual(before);
  expect(scoreReportLines(again)).toEqual(
    expect.arrayContaining(['  The exam is the same to the letter.', '  100 of 100 verdicts are the same.', 'They agree within 0.02.']),
  );
});

test('an endpoint that fails, is limited, or answers half a list on the way changes nothing of what comes out', async () => {
  misbehave = (call) =>
    [{ kind: 'status', status: 500 } as const, { kind: 'truncated' } as const, { kind: 'short_list' } as const, { kind: 'cut' } as const, null][call % 5]!;
  const again = await rerunScore(services, id);
  misbehave = () => null;
  expect(again).toMatchObject({ agrees: true, now: { value: scores[0]!.value, failure: null } });
});

test('a model that judges otherwise does not agree, within a tolerance wide enough it does', async () => {
  judge = wordModel({ errorRate: 0.2 });
  const again = await rerunScore(services, id);
  expect(again).toMatchObject({ sameExam: true, agrees: false });
  expect(again.now.value).toBeLessThan(0.95);
  expect(again.verdicts!.same).toBeLessThan(95);
  expect(scoreReportLines(again).at(-1)).toBe('They do not agree within 0.02.');
  expect(await rerunScore(services, id, { tolerance: 0.5 })).toMatchObject({ agrees: true });
  judge = wordModel();
});

test('an endpoint that gives nothing does not agree with a score', async () => {
  misbehave = () => ({ kind: 'status', status: 500 });
  const again = await rerunScore(services, id);
  misbehave = () => null;
  expect(again).toMatchObject({ agrees: false, now: { value: null, failure: expect.any(String) as string } });
});

test('says what is not the same: the model, or windows that a takedown left', async () => {
  const other = await startChatEndpoint({ answer: wordModel(), model: 'other-1' });
  const chat = createOpenAiChatClient({ baseUrl: other.baseUrl, apiKey: null, model: other.model });
  const again = await rerunScore({ ...services, chat }, id).finally(() => other.close());
  expect(again.differences.join(' ')).toMatch(/judged by double-1, and now by other-1.*endpoint was/);
  await suppress(pool, seeded, planted[0]!.examples.find(({ split }) => split === 'test')!.document);
  expect(await rerunScore(services, id)).toMatchObject({ sameExam: false, differences: [expect.stringContaining('takedowns')] });
  await expect(rerunScore(services, '999999')).rejects.toMatchObject({ code: 'not_found' });
});
