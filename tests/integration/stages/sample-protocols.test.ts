import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { decodeExamples } from '#lib/example/blob.ts';
import { sampleRecordSchema } from '#lib/example/sample-record.ts';
import { NEGATIVE_CLASSES, protocolNamed, type ProtocolName } from '#lib/example/protocol.ts';
import { writeDataSet } from '#gpu-worker/activations/data-set.ts';
import { writeNeighbours } from '#gpu-worker/activations/neighbours/neighbours-file.ts';
import { windowShardKey, writeWindowShard } from '#gpu-worker/activations/window-embeddings.ts';
import { windowEmbeddingsKey } from '#gpu-worker/examples/embed-windows.ts';
import { examWindows } from '#gpu-worker/examples/exam-windows.ts';
import { refreshHeadlines } from '#gpu-worker/stages/headlines.ts';
import { readyLatents } from '#gpu-worker/stages/plan.ts';
import { createRunCache } from '#gpu-worker/stages/run-cache.ts';
import { loadRun } from '#gpu-worker/stages/run-facts.ts';
import { sampleLatents } from '#gpu-worker/stages/sample-latents.ts';
import type { WorkerServices } from '#gpu-worker/stages/services.ts';
import { transaction } from '#platform/database/transaction.ts';
import { createEmbeddedEngine } from '#platform/search/embedded.ts';
import { getLatent } from '#server/catalogue/latent-detail.ts';
import { listLatents } from '#server/catalogue/latent-list.ts';
import { readScoreDistribution } from '#server/catalogue/score-distribution.ts';
import { writeCoder } from '#tests/doubles/activations.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { seedCoder, type Seeded } from '#tests/integration/server/seed.ts';
import { withDatabase } from '#tests/integration/with-database.ts';

const { pool } = await withDatabase();
const artifacts = memoryArtifacts();
const search = createEmbeddedEngine({ pool, vectorScan: null });
const services = { pool, artifacts, search, cache: createRunCache(20), threads: 1 } as Partial<WorkerServices> as WorkerServices;

const [ROWS, ROW, WIDTH, BOS, TILE] = [240, 256, 3, 1, 32];
const EMBEDDER = 'planted@1';
/** Cosines between tiles of a row fall from tile 1 to tiles 0, 2, 3 …: what fires in tile 1 has tile 0 of other rows nearest that is silent. */
const ANGLES = [0.2, 0.25, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5];
let seeded: Seeded;

/** Twelve documents, train and test by turns. Latent 0 fires in tile 1 of nine rows in ten, latent 1 in tile 6 of all, latent 2 in three places. */
beforeAll(async () => {
  const tokens = Int32Array.from({ length: ROWS * ROW }, (_, at) => (at % ROW === 0 ? BOS : 300 + ((at * 7919 + Math.floor(at / ROW) * 31) % 3001)));
  const document = Uint32Array.from({ length: ROWS }, (_, row) => row % 12);
  const documents = Array.from({ length: 12 }, (_, i) => ({ key: `d${i}`, split: i % 2 === 0 ? ('train' as const) : ('test' as const) }));
  const length = new Uint16Array(ROWS).fill(ROW);
  await writeDataSet(artifacts, 'data', { tokens, document, length, rows: ROWS }, { rowLength: ROW, bos: BOS, documents });
  const pairs = Array.from({ length: ROWS }, (_, row) => ({ latent: 0, place: row * ROW + TILE + 8, value: 1 + ((row * 7) % 31) }))
    .filter((_, row) => row % 10 !== 9)
    // Two tokens a row, so that protocol paper has the 200 it asks for.
    .flatMap((pair) => [pair, { ...pair, place: pair.place + 3, value: 0.5 }]);
  pairs.push(...Array.from({ length: ROWS }, (_, row) => ({ latent: 1, place: row * ROW + 6 * TILE + 2, value: 2 + (row % 5) })));
  pairs.push(...[50, 306, 1100].map((place) => ({ latent: 2, place, value: 1 })));
  await writeCoder(artifacts, 'activations', { hookpoint: 'layers.0', width: WIDTH, rows: ROWS, rowLength: ROW }, pairs);
  const list = (index: number) => ({ nearest: (latent: number) => (latent === 0 ? [{ index, score: 0.5 }] : []) });
  await writeNeighbours(artifacts, 'near.bin', list(1) as Parameters<typeof writeNeighbours>[2], WIDTH, { by: 'co-occurrence', rows: ROWS });
  const missing = { missing: 'There is none.' };
  const kinds = { 'co-occurrence': { file: 'near.bin', rows: ROWS, all_rows: ROWS }, decoder: missing, encoder: missing };
  const index = { format: 'latent-atlas neighbours of a coder', version: 1, width: WIDTH, kinds };
  await artifacts.write('near.json', Buffer.from(JSON.stringify(index)));
  const windows = examWindows({ rows: ROWS, rowLength: ROW, documents, document, length }, protocolNamed('atlas'));
  const vectors = Float32Array.from(Array.from(windows).flatMap((origin) => angle(ANGLES[(origin % ROW) / TILE]! + 1e-5 * Math.floor(origin / ROW))));
  await writeWindowShard(artifacts, windowEmbeddingsKey('data', protocolNamed('atlas'), EMBEDDER), 0, windows, vectors);
  expect(artifacts.files.has(windowShardKey(windowEmbeddingsKey('data', protocolNamed('atlas'), EMBEDDER), 0))).toBe(true);
  seeded = await seedCoder(pool, { model: 'm', coder: 'c', latents: [] });
  await pool.query('UPDATE models SET location = $1', [path.resolve('models/presidents-4m')]);
});

const angle = (by: number): [number, number] => [Math.cos(by), Math.sin(by)];

/** A run of the coder that has collected, as its sample stage finds it. */
async function newRun(
  sampleKey: string,
  protocol: ProtocolName,
  facts: Record<string, unknown> = { similarEmbedder: EMBEDDER, neighboursKey: 'near.json' },
): Promise<string> {
  const results = { dataKey: 'data', activationKey: 'activations', sampleKey, width: WIDTH, ...facts };
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO runs (config, config_hash, model_id, coder_id, text_source_id, protocol, results)
     SELECT config || jsonb_build_object('protocol', $3::text), config_hash, model_id, coder_id, text_source_id, $3, $2 FROM runs WHERE id = $1 RETURNING id::text`,
    [seeded.runId, results, protocol],
  );
  return rows[0]!.id;
}

async function sample(runId: string, latents = [0, 1, 2]): Promise<Record<string, unknown> | undefined> {
  let result: Record<string, unknown> | undefined;
  const context = { runId: BigInt(runId), taskId: 1n, fence: 1, signal: new AbortController().signal, progress: () => undefined };
  const commit = async (write: Parameters<typeof transaction<Record<string, unknown> | undefined>>[1]) => {
    result = await transaction(pool, write);
  };
  await sampleLatents(services)({ runId, latents }, { ...context, commit });
  return result;
}

async function blobOf(sampleKey: string, latent = 0) {
  const { rows } = await pool.query<{ blob: Buffer; record: unknown; status: string }>(
    'SELECT blob, record, status::text FROM example_blobs WHERE coder_id = $1 AND latent_index = $2 AND sample_key = $3',
    [seeded.coderId, latent, sampleKey],
  );
  return { examples: decodeExamples(rows[0]!.blob), record: sampleRecordSchema.parse(rows[0]!.record), status: rows[0]!.status };
}

const shown = async (latent = 0): Promise<Record<string, unknown>> =>
  (
    await pool.query<Record<string, unknown>>('SELECT sample_key, run_id::text, status::text FROM latents WHERE coder_id = $1 AND index = $2', [
      seeded.coderId,
      latent,
    ])
  ).rows[0]!;

/** An explanation of latent 0 by a run with an embedding score. */
async function explain(runId: string, sampleKey: string, value: number): Promise<void> {
  await pool.query(
    `WITH made AS (INSERT INTO explanations (coder_id, latent_index, run_id, method, explainer, text, provenance, input_key)
       VALUES ($1, 0, $2, 'lexical', 'lexical-1', 'By ' || $3, jsonb_build_object('sampleKey', $3::text, 'documents', ARRAY['d0']), $3) RETURNING id)
     INSERT INTO scores (coder_id, latent_index, explanation_id, run_id, scorer, metric, value, lower, upper, n_positives, n_negatives, n_failed, exam, verdicts, provenance, input_key)
     SELECT $1, 0, id, $2, 'embedding', 'auroc', $4, $4, $4, 50, 50, 0, 'test', '[]', '{}', $3 FROM made`,
    [seeded.coderId, runId, sampleKey, value],
  );
  const client = await pool.connect();
  try {
    await refreshHeadlines(client, BigInt(seeded.coderId), [0]);
  } finally {
    client.release();
  }
}

test('a run by protocol paper has its own sample: evidence and exam from one list, their overlap counted', async () => {
  const run = await newRun('p1', 'paper');
  expect(await sample(run)).toEqual({ latents: 3, blobs: 3, reused: 0 });
  const { examples, record, status } = await blobOf('p1');
  expect(status).toBe('ready');
  const ids = (split: string) =>
    examples.filter((example) => example.split === split && example.kind === 'activating').map(({ row, start }) => `${row}:${start}`);
  const [evidence, exam] = [ids('train'), ids('test')];
  expect([evidence.length, exam.length]).toEqual([40, 100]);
  // 216 windows in tenths of 21: of each, 4 and 10 are drawn apart.
  expect(record.overlap).toBe(exam.filter((id) => evidence.includes(id)).length);
  expect(record.overlap).toBeGreaterThan(0);
  expect(new Set(examples.map(({ document }) => Number(document.slice(1)) % 2))).toEqual(new Set([0, 1]));
  expect(record).toMatchObject({ protocol: 'paper', negatives: { random: { drawn: 100, wanted: 100 } }, minedBy: null, missing: {} });
  expect(examples.filter(({ kind }) => kind === 'random').every(({ row, start }) => row % 10 === 9 && start === 10)).toBe(true);
  expect(await readyLatents(pool, await loadRun(pool, run))).toEqual([0, 1]);
  expect(await shown()).toMatchObject({ sample_key: 'p1', run_id: run });
  await explain(run, 'p1', 0.99);
});

test('its headline has a text and no score: lists sort by atlas’s alone, and the figure says whose it shows', async () => {
  const { latents } = await listLatents(pool, { model: 'm', coder: 'c', sort: 'score', order: 'desc', limit: 10 });
  expect(latents.find(({ index }) => index === 0)).toMatchObject({ explanation: 'By p1', score: null });
  expect(await readScoreDistribution(pool, seeded.coderId)).toMatchObject({ protocol: 'paper', n: 1, median: { median: 0.99 } });
  const detail = await getLatent(pool, 'm', 'c', 0);
  expect(detail.sample).toMatchObject({ protocol: 'paper' });
  expect(detail.explanations[0]).toMatchObject({ protocol: 'paper', overlap: detail.sample!.overlap });
});

test('a run by protocol atlas takes the page over, with silent windows of every class and what found them', async () => {
  const run = await newRun('a1', 'atlas');
  expect(await sample(run)).toEqual({ latents: 3, blobs: 3, reused: 0 });
  expect(await shown()).toMatchObject({ sample_key: 'a1', run_id: run, status: 'ready' });
  const { examples, record } = await blobOf('a1');
  expect(record).toMatchObject({ protocol: 'atlas', minedBy: EMBEDDER, missing: {}, overlap: 0 });
  const exam = examples.filter(({ split }) => split === 'test');
  for (const kind of NEGATIVE_CLASSES) {
    const windows = exam.filter((example) => example.kind === kind);
    expect(record.negatives[kind]).toEqual({ drawn: windows.length, wanted: protocolNamed('atlas').negatives[kind] });
    expect(windows.every(({ maxActivation, document }) => maxActivation === 0 && Number(document.slice(1)) % 2 === 1)).toBe(true);
  }
  // Nearest to tile 1 that is silent: tile 1 of the rows in which it is silent, then tile 0, shown without BOS.
  const similar = exam.filter(({ kind }) => kind === 'similar');
  expect(similar).toHaveLength(25);
  expect(similar.every(({ row, start }) => start === 1 || (start === TILE && row % 10 === 9))).toBe(true);
  // Ten of a neighbour, strongest first; latent 1 alone is near.
  const neighbours = exam.filter(({ kind }) => kind === 'neighbour');
  expect(neighbours.length).toBe(10);
  expect(neighbours.every(({ row, start }) => start === 6 * TILE && row % 5 >= 3)).toBe(true);
  await explain(run, 'a1', 0.7);
  const { latents } = await listLatents(pool, { model: 'm', coder: 'c', sort: 'score', order: 'desc', limit: 10 });
  expect(latents[0]).toMatchObject({ index: 0, explanation: 'By a1', score: { value: 0.7 } });
  expect(await readScoreDistribution(pool, seeded.coderId)).toMatchObject({ protocol: 'atlas', n: 1, median: { median: 0.7 } });
  expect((await getLatent(pool, 'm', 'c', 0)).explanations.map(({ protocol }) => protocol)).toEqual(['atlas', 'paper']);
});

test('a later run by protocol paper leaves the page to atlas, and has its latents all the same; done again it draws nothing', async () => {
  const before = await shown();
  const run = await newRun('p2', 'paper');
  expect(await sample(run)).toEqual({ latents: 3, blobs: 3, reused: 0 });
  expect(await shown()).toEqual(before);
  expect(await readyLatents(pool, await loadRun(pool, run))).toEqual([0, 1]);
  await explain(run, 'p2', 1);
  const { latents } = await listLatents(pool, { model: 'm', coder: 'c', sort: 'score', order: 'desc', limit: 10 });
  expect(latents[0]).toMatchObject({ explanation: 'By a1', score: { value: 0.7 } });
  const again = await newRun('p2', 'paper');
  expect(await sample(again)).toEqual({ latents: 0, blobs: 0, reused: 3 });
  expect(await shown()).toEqual(before);
  expect(await readyLatents(pool, await loadRun(pool, again))).toEqual([0, 1]);
});

test('without an embedder or neighbours those classes are absent, the record says why, and nothing else is drawn otherwise', async () => {
  const run = await newRun('a2', 'atlas', { similarEmbedder: null, similarMissing: 'No embedder could be opened.' });
  await sample(run);
  const { examples, record } = await blobOf('a2');
  expect(record).toMatchObject({
    minedBy: null,
    missing: { similar: 'No embedder could be opened.', neighbour: expect.any(String) },
    negatives: { similar: { drawn: 0 } },
  });
  const whole = (await blobOf('a1')).examples;
  const others = (of: typeof whole) => of.filter(({ kind, split }) => split === 'test' && kind !== 'similar' && kind !== 'neighbour');
  expect(others(examples)).toEqual(others(whole));
});

test('protocol delphi draws with replacement from all silent windows', async () => {
  const run = await newRun('d1', 'delphi');
  await sample(run);
  const { record, status, examples } = await blobOf('d1');
  expect(status).toBe('ready');
  expect(record).toMatchObject({ protocol: 'delphi', negatives: { random: { drawn: 50, wanted: 50 } } });
  expect(examples.filter(({ split, kind }) => split === 'test' && kind === 'activating')).toHaveLength(50);
  expect((await blobOf('d1', 2)).status).toBe('too_few_windows');
});
