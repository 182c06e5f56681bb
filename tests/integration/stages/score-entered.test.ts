import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { writeDataSet } from '#gpu-worker/activations/data-set.ts';
import { openEmbedder } from '#gpu-worker/embed/embedder.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import { createOpenAiChatClient } from '#gpu-worker/llm/openai-chat-client.ts';
import { createRequestStore } from '#gpu-worker/llm/requests/request-store.ts';
import { createRunCache } from '#gpu-worker/stages/run-cache.ts';
import { rerunScore } from '#gpu-worker/stages/rerun-score.ts';
import { sampleLatents } from '#gpu-worker/stages/sample-latents.ts';
import { scoreExplanation } from '#gpu-worker/stages/score-explanation.ts';
import { scoreEntered, storeFailedEntered } from '#gpu-worker/stages/score-entered.ts';
import type { WorkerServices } from '#gpu-worker/stages/services.ts';
import { AppError } from '#lib/errors/app-error.ts';
import { rngFor } from '#lib/random/rng.ts';
import { verdictsSchema } from '#lib/score/schema.ts';
import { transaction } from '#platform/database/transaction.ts';
import { createTaskQueue, type TaskQueue } from '#platform/queue/task-queue.ts';
import type { TaskContext, TaskHandlers } from '#platform/queue/types.ts';
import { createLog } from '#platform/log/log.ts';
import { createEmbeddedEngine } from '#platform/search/embedded.ts';
import { ANONYMOUS, type Actor } from '#server/access/actor.ts';
import { createCaller, type ApiCaller } from '#server/api/router.ts';
import type { Server } from '#server/context.ts';
import { startChatEndpoint } from '#tests/doubles/chat-endpoint.ts';
import { wordModel } from '#tests/doubles/word-model.ts';
import { writeCoder } from '#tests/doubles/activations.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { seedCoder, type Seeded } from '#tests/integration/server/seed.ts';
import { testServer } from '#tests/integration/server/test-server.ts';
import { withDatabase } from '#tests/integration/with-database.ts';

const database = await withDatabase();
const { pool } = database;
const artifacts = memoryArtifacts();
const embedder = await openEmbedder(path.resolve('models/all-MiniLM-L6-v2'));
const services = {
  pool,
  artifacts,
  search: createEmbeddedEngine({ pool, vectorScan: null }),
  cache: createRunCache(8),
  embedder: () => Promise.resolve(embedder),
} as Partial<WorkerServices> as WorkerServices;
const ADA: Actor = { kind: 'session', user: { id: 'u1', name: 'Ada', email: 'ada@example.org', role: 'user' } };
const as = (actor: Actor): ApiCaller => createCaller({ server, actor });

const [ROWS, ROW, WIDTH, BOS, DOCUMENTS] = [360, 256, 3, 1, 36];
const SPLITS = ['train', 'test', 'reserve'] as const;
/** By turns one of each side. */
const sideOf = (row: number) => SPLITS[(row % DOCUMENTS) % 3];

let server: Server;
let seeded: Seeded;
/** What latents 0 and 1 fire on; no other place of the text has these words. */
let words: string[];
const queues: TaskQueue[] = [];

/** A run that has collected and sampled; latents 0 and 1 fire once in each row, at different places, and have explanations. */
beforeAll(async () => {
  server = await testServer(database);
  const rng = rngFor('entered');
  const tokens = Int32Array.from({ length: ROWS * ROW }, (_, at) => (at % ROW === 0 ? BOS : 300 + rng.int(600)));
  const places = (latent: number): number[] => Array.from({ length: ROWS }, (_, row) => row * ROW + 40 + 64 * latent);
  const tokenizer = await openTokenizer(path.resolve('models/presidents-4m'));
  const whole = Array.from({ length: 600 }, (_, i) => 900 + i).filter((token) => /^ [a-z]{5,}$/.test(tokenizer.decode([token])));
  words = whole.slice(0, 2).map((token) => tokenizer.decode([token]).trim());
  // A word of its own follows, so that these stay whole.
  for (const latent of [0, 1]) for (const at of places(latent)) tokens.set([whole[latent]!, whole[2]!], at);
  const document = Uint32Array.from({ length: ROWS }, (_, row) => row % DOCUMENTS);
  const documents = Array.from({ length: DOCUMENTS }, (_, i) => ({ key: `d${i}`, split: SPLITS[i % 3]! }));
  await writeDataSet(artifacts, 'data', { tokens, document, length: new Uint16Array(ROWS).fill(ROW), rows: ROWS }, { rowLength: ROW, bos: BOS, documents });
  const pairs = [0, 1].flatMap((latent) => places(latent).map((at, row) => ({ latent, place: at, value: 1 + (row % 50) })));
  await writeCoder(artifacts, 'activations', { hookpoint: 'layers.0', width: WIDTH, rows: ROWS, rowLength: ROW }, pairs);
  const latent = { status: 'ready', frequency: 0.1, maxActivation: 50, score: null } as const;
  seeded = await seedCoder(pool, {
    model: 'm',
    coder: 'c',
    latents: [
      { index: 0, ...latent, explanation: 'Ships at sea' },
      { index: 1, ...latent, explanation: 'Sums of money' },
    ],
  });
  await pool.query('UPDATE models SET location = $1', [path.resolve('models/presidents-4m')]);
  await pool.query('UPDATE runs SET results = $2 WHERE id = $1', [
    seeded.runId,
    { dataKey: 'data', activationKey: 'activations', sampleKey: 's1', width: WIDTH },
  ]);
  await pool.query(
    `INSERT INTO explanation_attempts (coder_id, latent_index, run_id, asked, method, input_key)
     SELECT coder_id, latent_index, run_id, 'lexical', 'lexical', input_key FROM explanations WHERE coder_id = $1`,
    [seeded.coderId],
  );
  await sampleLatents(services)(
    { runId: seeded.runId, latents: [0, 1] },
    contextOf(async (write) => void (await transaction(pool, write))),
  );
});
afterAll(async () => {
  await Promise.all(queues.map((queue) => queue.stop()));
  await embedder.close();
});

function contextOf(commit: TaskContext['commit']): TaskContext {
  return { runId: BigInt(seeded.runId), taskId: 1n, fence: 1, signal: new AbortController().signal, progress: () => undefined, commit };
}

/** A worker of the queue that entered explanations wait in. */
async function startWorker(handler = scoreEntered(services)): Promise<TaskQueue> {
  const queue = createTaskQueue({ pool, log: createLog({ name: 'test', level: 'silent' }), workerId: `w${queues.length}` });
  queues.push(queue);
  await queue.work('gpu', { concurrency: 1 }, { 'score.entered': handler } as Partial<TaskHandlers> as TaskHandlers, {
    advance: () => Promise.reject(new Error('it moves no run on')),
    onTaskFailed: storeFailedEntered,
  });
  return queue;
}

const place = { model: 'm', coder: 'c', index: 0 };
const shown = async (id: string, of = place) => (await as(ANONYMOUS).latents.get(of)).explanations.find((one) => one.id === id)!;
const scored = (id: string, of = place) =>
  vi.waitFor(
    async () => {
      const view = await shown(id, of);
      expect(view.pending).toBe(false);
      return view;
    },
    { timeout: 30_000, interval: 100 },
  );

test('what somebody enters is scored on the sealed reserve by a worker, with controls, though the run is over', async () => {
  const { id } = await as(ADA).latents.explain({ ...place, text: 'Weather in the mountains' });
  expect(await shown(id)).toMatchObject({ pending: true, scores: [] });
  await expect(as(ADA).latents.explain({ ...place, text: 'Weather in the mountains' })).rejects.toMatchObject({ code: 'CONFLICT' });
  await startWorker();
  const { scores } = await scored(id);
  expect(scores).toMatchObject([
    {
      scorer: 'embedding',
      exam: 'reserve',
      failure: null,
      current: true,
      value: expect.any(Number) as number,
      control: { value: expect.any(Number) as number },
      controlMissing: null,
      parts: { blank: { value: expect.any(Number) as number }, lift: { baseline: 'lexical', n: expect.any(Number) as number } },
    },
  ]);
  expect(scores[0]!.nPositives).toBeGreaterThanOrEqual(30);
  expect(scores[0]!.provenance).toMatchObject({ calls: 0, cost: 0, code: expect.any(String) as string });
  const { rows } = await pool.query<{ verdicts: unknown; provenance: Record<string, unknown> }>(
    'SELECT verdicts, provenance FROM scores WHERE coder_id = $1 AND explanation_id = $2',
    [seeded.coderId, id],
  );
  expect(rows.length).toBe(1);
  // Every window is of a document that no page shows.
  expect([...new Set(verdictsSchema.parse(rows[0]!.verdicts).map(({ row }) => sideOf(row)))]).toEqual(['reserve']);
  expect(rows[0]!.provenance).toMatchObject({ code: expect.stringMatching(/^\d/) as string, calls: 0, cost: 0, tokensIn: 0, controlMissing: null });
  expect(rows[0]!.provenance['durationMs']).toBeGreaterThan(0);
  // The run is as it was: neither longer nor failed.
  const run = await as(ANONYMOUS).runs.get({ run: seeded.runId });
  expect(run.state).toBe('finished');
  expect((await pool.query(`SELECT 1 FROM run_tasks WHERE job = 'score.entered'`)).rowCount).toBe(1);

  // Done again, after a crash between the work and its commit, it stores nothing new.
  await scoreEntered(services)(
    { runId: seeded.runId, explanations: [id] },
    contextOf(async (write) => void (await transaction(pool, write))),
  );
  expect((await pool.query('SELECT 1 FROM scores WHERE explanation_id = $1', [id])).rowCount).toBe(1);
});

test('what cannot be scored is kept as failed, with the reason', async () => {
  const gone = await seedCoder(pool, {
    model: 'm',
    coder: 'gone',
    latents: [{ index: 0, status: 'ready', frequency: 0.1, maxActivation: 5, explanation: 'x', score: null }],
  });
  await pool.query('UPDATE runs SET results = $2 WHERE id = $1', [gone.runId, { dataKey: 'no data', activationKey: 'none', sampleKey: 's1', width: WIDTH }]);
  const of = { ...place, coder: 'gone' };
  const { id } = await as(ADA).latents.explain({ ...of, text: 'Nothing to see' });
  const { scores } = await scored(id, of);
  expect(scores).toMatchObject([
    { scorer: 'embedding', exam: 'reserve', value: null, failure: expect.stringContaining('could not be scored on the sealed exam') as string },
  ]);
});

test('a task that fails for the last time leaves its explanations failed, not waiting, and the run none the worse', async () => {
  await Promise.all(queues.splice(0).map((queue) => queue.stop()));
  const { id } = await as(ADA).latents.explain({ ...place, text: 'Something else again' });
  await startWorker(() => Promise.reject(new AppError('internal', 'The disk is full of holes.')));
  const { scores } = await scored(id);
  expect(scores).toMatchObject([{ value: null, failure: 'It could not be scored on the sealed exam. The disk is full of holes.' }]);
  expect((await pool.query('SELECT failed_at FROM runs WHERE id = $1', [seeded.runId])).rows).toEqual([{ failed_at: null }]);
});

test('what was entered while its run was open outlives the cancelling of the run', async () => {
  await Promise.all(queues.splice(0).map((queue) => queue.stop()));
  await pool.query('UPDATE runs SET finished_at = NULL WHERE id = $1', [seeded.runId]);
  const { id } = await as(ADA).latents.explain({ ...place, text: 'Rain on the roof' });
  expect(await server.queue.cancelRun(BigInt(seeded.runId))).toBe(true);
  expect(await shown(id)).toMatchObject({ pending: true });
  await startWorker();
  expect((await scored(id)).scores).toMatchObject([{ scorer: 'embedding', exam: 'reserve', failure: null }]);
});

test('`atlas score` has a language model judge it there, with controls and the lift, through an endpoint that fails now and then', async () => {
  await Promise.all(queues.splice(0).map((queue) => queue.stop()));
  const endpoint = await startChatEndpoint({
    answer: wordModel(),
    misbehave: (call) => (call % 7 === 3 ? { kind: 'status', status: 503 } : call % 11 === 5 ? { kind: 'truncated' } : null),
  });
  const chat = createOpenAiChatClient({ baseUrl: endpoint.baseUrl, apiKey: null, model: endpoint.model, sleep: () => Promise.resolve() });
  const requests = createRequestStore({ pool, artifacts, workerId: 'score', onError: (error) => expect.fail(String(error)) });
  try {
    const { id } = await as(ADA).latents.explain({ ...place, text: `The word “${words[0]}”` });
    const withChat = { ...services, chat, completions: null, requests, prices: { own: [{ model: endpoint.model, in: 1, cached: 1, out: 2 }] } };
    const { scores } = await scoreExplanation(withChat, id, ['detection']);
    expect(scores).toMatchObject([{ scorer: 'detection', failure: null, nFailed: 0, control: { value: 0.5 } }]);
    // Every firing window holds the word, and no silent one: whoever mixed up windows, sides or answers would be below.
    expect(scores[0]!.value).toBe(1);
    const score = (await shown(id)).scores.find(({ scorer }) => scorer === 'detection')!;
    expect(score).toMatchObject({ exam: 'reserve', parts: { blank: { value: 0.5 }, lift: { baseline: 'lexical', value: expect.closeTo(0.5, 6) as number } } });
    expect(score.provenance).toMatchObject({ model: endpoint.model, control: { calls: expect.any(Number) as number, cost: expect.any(Number) as number } });
    expect(score.provenance['cost']).toBeGreaterThan(0);
    // Raw keys stand with the score's own address, its controls' too.
    const exam = await as(ANONYMOUS).latents.exam({ ...place, score: score.id });
    const { raw, control } = exam.score.provenance as { raw: string[]; control: { raw: string[]; calls: number } };
    expect(raw.length).toBe(score.provenance['calls']);
    expect(control.raw.length).toBe(control.calls);
    const { rows } = await pool.query('SELECT 1 FROM llm_requests WHERE encode(hash, $2) = ANY($1) AND raw_batch_id IS NOT NULL', [
      [...raw, ...control.raw],
      'hex',
    ]);
    expect(rows.length).toBe(new Set([...raw, ...control.raw]).size);

    // Taken again it sits the reserve again, and not the exam that the page shows.
    const again = await rerunScore(withChat, score.id);
    expect(again).toMatchObject({ sameExam: true, differences: [], agrees: true, now: { value: 1 } });
    expect(again.verdicts!.same).toBe(again.verdicts!.of);
    expect(again.verdicts!.of).toBeGreaterThanOrEqual(scores[0]!.nPositives + scores[0]!.nNegatives);
    await scoreExplanation(withChat, id, ['embedding']);
    const measured = (await shown(id)).scores.find(({ scorer }) => scorer === 'embedding')!;
    expect(await rerunScore(withChat, measured.id)).toMatchObject({ agrees: true, differences: [], then: { value: measured.value } });

    // The same again is paid for by nobody, and stands once; another run's own explanation is refused.
    const made = endpoint.calls.length;
    await scoreExplanation(withChat, id, ['detection']);
    expect(endpoint.calls.length).toBe(made);
    expect((await pool.query(`SELECT 1 FROM scores WHERE explanation_id = $1 AND scorer = 'detection'`, [id])).rowCount).toBe(1);
    const own = (
      await pool.query<{ id: string }>(`SELECT id::text FROM explanations WHERE coder_id = $1 AND method = 'lexical' AND latent_index = 0`, [seeded.coderId])
    ).rows[0]!;
    await expect(scoreExplanation(withChat, own.id, ['detection'])).rejects.toMatchObject({ code: 'bad_request' });

    // Simulation has a lift too, here over a baseline that names another word.
    await pool.query(
      `WITH made AS (
         INSERT INTO explanations (coder_id, latent_index, run_id, method, explainer, text, provenance, input_key)
         SELECT coder_id, latent_index, run_id, method, explainer, $2, provenance, 'second' FROM explanations WHERE id = $1 RETURNING *)
       INSERT INTO explanation_attempts (coder_id, latent_index, run_id, asked, method, input_key) SELECT coder_id, latent_index, run_id, 'auto', method, input_key FROM made`,
      [own.id, `The word “${words[1]}”`],
    );
    await scoreExplanation(withChat, id, ['simulation']);
    const simulation = (await shown(id)).scores.find(({ scorer }) => scorer === 'simulation');
    expect(simulation).toMatchObject({ exam: 'reserve', metric: 'pearson_r', failure: null, parts: { lift: { baseline: 'lexical' } } });
    expect(simulation!.value).toBeGreaterThan(0.8);
    expect(simulation!.parts.lift!.value).toBeGreaterThan(0.5);
  } finally {
    await requests.close();
    await endpoint.close();
  }
});
