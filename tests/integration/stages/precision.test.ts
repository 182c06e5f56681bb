import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { protocolNamed } from '#lib/example/protocol.ts';
import { rngFor } from '#lib/random/rng.ts';
import { writeDataSet } from '#gpu-worker/activations/data-set.ts';
import { writeWindowShard } from '#gpu-worker/activations/window-embeddings.ts';
import { windowEmbeddingsKey } from '#gpu-worker/examples/embed-windows.ts';
import { examWindows } from '#gpu-worker/examples/exam-windows.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import { measurePrecision } from '#gpu-worker/stages/measure-precision.ts';
import { createRunCache } from '#gpu-worker/stages/run-cache.ts';
import { sampleLatents } from '#gpu-worker/stages/sample-latents.ts';
import { scoreLocal } from '#gpu-worker/stages/score-local.ts';
import { scoreTexts } from '#gpu-worker/stages/score-texts.ts';
import type { WorkerServices } from '#gpu-worker/stages/services.ts';
import { withPrecision } from '#gpu-worker/stages/with-precision.ts';
import { transaction } from '#platform/database/transaction.ts';
import type { TaskContext } from '#platform/queue/types.ts';
import { createEmbeddedEngine } from '#platform/search/embedded.ts';
import { getLatent } from '#server/catalogue/latent-detail.ts';
import { writeCoder } from '#tests/doubles/activations.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { seedCoder, seedExamples, suppress, type Seeded } from '#tests/integration/server/seed.ts';
import { withDatabase } from '#tests/integration/with-database.ts';

const { pool } = await withDatabase();
const artifacts = memoryArtifacts();
const EMBEDDER = 'planted';
/** Every text is east; the windows' own vectors say how near to it they are. */
const embedder = async () => ({
  ...{ id: EMBEDDER, endpoint: null, queryId: EMBEDDER, dimensions: 2 },
  embed: async () => Float32Array.of(1, 0),
  close: async () => undefined,
});
const search = createEmbeddedEngine({ pool, vectorScan: null });
const services = { pool, artifacts, search, cache: createRunCache(8), chat: null, embedder } as Partial<WorkerServices> as WorkerServices;

const [ROWS, ROW, BOS] = [120, 256, 1];
const WINDOW = 32;
let seeded: Seeded;

/**
 * Rows of twelve documents, by turns train and test, no two windows alike. Latent 0 fires in the second window of every
 * row: one in eight. The third windows of 15 of the 60 test rows lie nearer to the explanation than those, all others further.
 */
beforeAll(async () => {
  const rng = rngFor('precision stage');
  const tokens = Int32Array.from({ length: ROWS * ROW }, (_, at) => (at % ROW === 0 ? BOS : 300 + rng.int(2000)));
  const document = Uint32Array.from({ length: ROWS }, (_, row) => row % 12);
  const documents = Array.from({ length: 12 }, (_, i) => ({ key: `d${i}`, split: i % 2 === 0 ? ('train' as const) : ('test' as const) }));
  const data = { tokens, document, length: new Uint16Array(ROWS).fill(ROW), rows: ROWS, rowLength: ROW, bos: BOS, documents };
  await writeDataSet(artifacts, 'data', data, { rowLength: ROW, bos: BOS, documents });
  const pairs = Array.from({ length: ROWS }, (_, row) => ({ latent: 0, place: row * ROW + WINDOW + 8, value: 1 + row }));
  await writeCoder(artifacts, 'activations', { hookpoint: 'layers.0', width: 1, rows: ROWS, rowLength: ROW }, pairs);
  const protocol = protocolNamed('atlas');
  const windows = examWindows(data, protocol);
  const nearness = (origin: number): number => {
    const [row, window] = [Math.floor(origin / ROW), (origin % ROW) / WINDOW];
    return window === 1 ? 0.8 : window === 2 && row % 8 === 1 ? 0.9 : 0.1;
  };
  const vectors = Float32Array.from(windows, nearness);
  const flat = Float32Array.from({ length: 2 * windows.length }, (_, i) => (i % 2 === 0 ? vectors[i / 2]! : Math.sqrt(1 - vectors[(i - 1) / 2]! ** 2)));
  const model = path.resolve('models/presidents-4m');
  await writeWindowShard(artifacts, windowEmbeddingsKey('data', protocol, EMBEDDER), 0, windows, flat);
  seeded = await seedCoder(pool, {
    ...{ model: 'm', coder: 'c' },
    latents: [{ index: 0, status: 'ready', frequency: 0.01, maxActivation: 120, explanation: 'Second windows.', score: null }],
  });
  await seedExamples(pool, seeded, 0);
  await pool.query('UPDATE models SET location = $1', [model]);
  await pool.query(`UPDATE runs SET results = $1`, [{ dataKey: 'data', activationKey: 'activations', sampleKey: 's1', width: 1 }]);
  await pool.query(
    `insert into explanation_attempts (coder_id, latent_index, run_id, asked, method, input_key)
     select coder_id, latent_index, run_id, method, method, input_key from explanations`,
  );
  await openTokenizer(model);
});

const rows = async () =>
  (await pool.query<{ figures: Record<string, unknown>; scorer: string; provenance: unknown }>('SELECT * FROM precisions ORDER BY id')).rows;

test('a run measures its sample by itself, once, and the latent’s page shows it', async () => {
  let scored = 0;
  const handler = withPrecision(services, async () => void (scored += 1));
  const context = { runId: BigInt(seeded.runId), signal: new AbortController().signal } as Partial<TaskContext> as TaskContext;
  await handler({ runId: seeded.runId, latents: [0] }, context);
  expect(scored).toBe(1);
  const [row] = await rows();
  // 60 of 480 windows fire; the 50 of the exam and the 15 that lie nearer get a yes: 1/8 against 7/8 · 15/420.
  expect(row!.figures).toMatchObject({ rate: 0.125, nFiring: 50, nSilent: 420, nFailed: 0, firing: { value: 1 }, falseAlarms: { value: 15 / 420 } });
  expect(row!.figures['precision']).toMatchObject({ value: expect.closeTo(0.8, 9) });
  expect(row!.figures['cut']).toBeCloseTo(0.8, 6);
  expect(row!.provenance).toMatchObject({ scorer: 'embedding', embedder: EMBEDDER, sampleKey: 's1', silent: 1000 });
  await handler({ runId: seeded.runId, latents: [0] }, context);
  expect(await rows()).toHaveLength(1);
  const { explanations } = await getLatent(pool, 'm', 'c', 0);
  expect(explanations[0]?.precisions).toMatchObject([{ scorer: 'embedding', runId: seeded.runId, rate: 0.125 }]);
});

test('the command finds what is known; after a takedown it is measured anew, without the document', async () => {
  const [known] = await measurePrecision(services, seeded.runId, 20, ['embedding']);
  expect(await rows()).toHaveLength(1);
  expect(known).toMatchObject({ latent: 0, method: 'lexical', figures: { nSilent: 420 } });
  await suppress(pool, seeded, 'd1');
  const [anew] = await measurePrecision(services, seeded.runId, 20, ['embedding']);
  // One of six test documents: a sixth of the silent windows.
  expect(anew!.figures.nSilent).toBe(350);
  expect(anew!.figures.nFiring).toBeLessThan(50);
  expect(await rows()).toHaveLength(2);
});

test('the lift of a score is measured as soon as there is a baseline to measure it over', async () => {
  const context = {
    ...{ runId: BigInt(seeded.runId), signal: new AbortController().signal, progress: () => undefined },
    commit: async (write) => void (await transaction(pool, write)),
  } as Partial<TaskContext> as TaskContext;
  await pool.query('DELETE FROM example_blobs');
  await sampleLatents(services)({ runId: seeded.runId, latents: [0] }, context);
  await pool.query(
    `with made as (
       insert into explanations (coder_id, latent_index, run_id, method, explainer, text, provenance, input_key)
       select coder_id, latent_index, run_id, 'default', 'm', 'Another phrase.', provenance, 'own' from explanations returning coder_id, latent_index, run_id)
     insert into explanation_attempts (coder_id, latent_index, run_id, asked, method, input_key) select coder_id, latent_index, run_id, 'default', 'default', 'own' from made`,
  );
  await scoreTexts(services)({ runId: seeded.runId, latents: [0] }, context);
  const scored = async () => {
    await scoreLocal(services)({ runId: seeded.runId, latents: [0] }, context);
    const found = `SELECT s.value, s.failure, s.parts->'lift' AS lift FROM scores s JOIN explanations x ON x.id = s.explanation_id WHERE x.method = 'default' ORDER BY s.id`;
    return (await pool.query<{ value: number; lift: { value: number } | null }>(found)).rows;
  };
  await pool.query(`UPDATE explanation_attempts SET input_key = 'gone ' || input_key WHERE method = 'lexical'`);
  expect(await scored()).toMatchObject([{ value: expect.any(Number) as number, failure: null, lift: null }]);
  await pool.query(`UPDATE explanation_attempts SET input_key = substr(input_key, 6) WHERE method = 'lexical'`);
  expect((await scored()).map(({ lift }) => lift)).toMatchObject([null, { baseline: 'lexical', value: expect.any(Number) as number }]);
  expect(await scored()).toHaveLength(2);
});

test('detection without a language model is refused, and a run without explanations too', async () => {
  await expect(measurePrecision(services, seeded.runId, 20, ['detection'])).rejects.toMatchObject({ code: 'invalid_config' });
  await pool.query('DELETE FROM explanation_attempts');
  await expect(measurePrecision(services, seeded.runId, 20, ['embedding'])).rejects.toMatchObject({
    code: 'bad_request',
    message: expect.stringContaining('no explanations'),
  });
});
