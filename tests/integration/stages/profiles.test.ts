import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { coderProfileSchema } from '#lib/coder/profile.ts';
import { storedProfileSchema, type StoredProfile } from '#lib/latent/profile.ts';
import { writeDataSet } from '#gpu-worker/activations/data-set.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import { collectNeighbours } from '#gpu-worker/stages/collect-neighbours.ts';
import { collectProfiles } from '#gpu-worker/stages/collect-profiles.ts';
import { collectReconstruction } from '#gpu-worker/stages/collect-reconstruction.ts';
import { collectStatistics } from '#gpu-worker/stages/collect-statistics.ts';
import { createRunCache } from '#gpu-worker/stages/run-cache.ts';
import { loadRun } from '#gpu-worker/stages/run-facts.ts';
import type { WorkerServices } from '#gpu-worker/stages/services.ts';
import { transaction } from '#platform/database/transaction.ts';
import { createLog } from '#platform/log/log.ts';
import type { TaskContext } from '#platform/queue/types.ts';
import { getLatent } from '#server/catalogue/latent-detail.ts';
import { writeCoder } from '#tests/doubles/activations.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { seedCoder, suppress, type Seeded } from '#tests/integration/server/seed.ts';
import { withDatabase } from '#tests/integration/with-database.ts';

const { pool } = await withDatabase();
const artifacts = memoryArtifacts();
const [cache, models] = [createRunCache(4), createRunCache(1)];
const log = createLog({ name: 'test', level: 'silent' });
const services = { pool, artifacts, cache, models, log, threads: 1, device: 'cpu' } as Partial<WorkerServices> as WorkerServices;

const [ROWS, ROW, WIDTH, BOS] = [24, 64, 2048, 0];
const [MODEL, CODER] = [path.resolve('models/presidents-4m'), path.resolve('models/presidents-4m-coders/layers.2')];
/** Latent 7 fires on the token WAR alone, 8 beside it on half of those and once elsewhere; all others are silent. */
const [WAR, OTHER] = [300, 301];
let seeded: Seeded;
let runId: string;

beforeAll(async () => {
  const tokens = Int32Array.from({ length: ROWS * ROW }, (_, at) => (at % ROW === 0 ? BOS : at % 10 === 3 ? WAR : OTHER + (at % 50)));
  const document = Uint32Array.from({ length: ROWS }, (_, row) => row % 6);
  const documents = Array.from({ length: 6 }, (_, i) => ({ key: `d${i}`, split: i % 2 === 0 ? ('train' as const) : ('test' as const) }));
  await writeDataSet(artifacts, 'data', { tokens, document, length: new Uint16Array(ROWS).fill(ROW), rows: ROWS }, { rowLength: ROW, bos: BOS, documents });
  const wars = [...tokens.keys()].filter((place) => tokens[place] === WAR);
  const pairs = [
    ...wars.map((place, i) => ({ latent: 7, place, value: 1 + (i % 4) })),
    ...wars.filter((_, i) => i % 2 === 0).map((place) => ({ latent: 8, place, value: 2 })),
  ];
  pairs.push({ latent: 8, place: tokens.length - 1, value: 2 });
  await writeCoder(artifacts, 'activations', { hookpoint: 'layers.2', width: WIDTH, rows: ROWS, rowLength: ROW }, pairs);
  const latent = { status: 'ready' as const, frequency: 0.1, maxActivation: 4, score: null };
  seeded = await seedCoder(pool, {
    model: 'm',
    coder: 'c',
    latents: [
      { ...latent, index: 7, explanation: 'Wars.' },
      { ...latent, index: 8, explanation: 'Some wars.' },
    ],
  });
  await pool.query('UPDATE models SET location = $1', [MODEL]);
  await pool.query('UPDATE sparse_coders SET location = $1, width = $2', [CODER, WIDTH]);
  runId = await newRun();
  await run(collectStatistics(services), { runId });
  await run(collectNeighbours(services), { runId });
  await run(collectProfiles(services), { runId, latents: [7, 8, 9] });
  await run(collectReconstruction(services), { runId });
  await pool.query('UPDATE latents SET run_id = $1', [runId]);
}, 60_000);

async function newRun(): Promise<string> {
  const results = { dataKey: 'data', activationKey: 'activations', hookpoint: 'layers.2', width: WIDTH, rows: ROWS };
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO runs (config, config_hash, model_id, coder_id, text_source_id, protocol, results)
     SELECT config, config_hash, model_id, coder_id, text_source_id, protocol, $2 FROM runs WHERE id = $1 RETURNING id::text`,
    [seeded.runId, results],
  );
  return rows[0]!.id;
}

async function run<Payload extends { runId: string }>(
  handler: (payload: Payload, context: TaskContext) => Promise<void>,
  payload: Payload,
  signal = new AbortController().signal,
): Promise<{ result: Record<string, unknown>; progress: number[] }> {
  let result: Record<string, unknown> = {};
  const progress: number[] = [];
  await handler(payload, {
    runId: BigInt(payload.runId),
    taskId: 1n,
    fence: 1,
    signal,
    progress: (done) => void progress.push(done),
    commit: async (write) => {
      result = await transaction(pool, write);
    },
  });
  return { result, progress };
}

/** What lies in the storage, by key: comparing megabytes byte by byte takes a minute. */
const filesNow = async () => Promise.all((await artifacts.list()).map(async (key) => [key, (await artifacts.facts(key))!.sha256]));

const stored = async (index: number): Promise<StoredProfile> => {
  const { rows } = await pool.query<{ profile: unknown }>('SELECT profile FROM latent_profiles WHERE coder_id = $1 AND latent_index = $2', [
    seeded.coderId,
    index,
  ]);
  expect(rows).toHaveLength(1);
  return storedProfileSchema.parse(rows[0]!.profile);
};

test('a row says what the activations, the weights and the vocabulary say', async () => {
  const war = (await openTokenizer(MODEL)).decode([WAR]);
  const profile = await stored(7);
  expect(profile.tokens).toMatchObject({ mostFrequent: war, mostFrequentShare: 1, entropy: 0, singleToken: 'strong', documents: 6 });
  expect(profile.tokens!.byTotal).toMatchObject([{ text: war, active: profile.tokens!.byTotal[0]!.occurrences }]);
  expect(profile.histogram).toMatchObject({ from: 4 / 1024, to: 4, below: 0 });
  const [shared] = profile.neighbours.coOccurrence.nearest;
  // 8 fires on half of them and once elsewhere.
  const fired = profile.tokens!.byTotal[0]!.active;
  expect(shared).toEqual({ index: 8, similarity: Number((Math.ceil(fired / 2) / (fired + 1)).toPrecision(6)) });
  expect(profile.neighbours.coOccurrence).toMatchObject({ rows: { counted: ROWS, all: ROWS } });
  expect(profile.neighbours.decoder!.nearest).toHaveLength(10);
  expect(profile.neighbours.encoder!.nearest[0]!.similarity).toBeLessThanOrEqual(1);
  const effects = profile.logitEffects!;
  expect(effects.promoted).toHaveLength(10);
  expect(effects.promoted[0]!.effect).toBe(effects.histogram.to);
  expect(effects.suppressed[0]!.effect).toBe(effects.histogram.from);
  expect(effects.histogram.counts.reduce((a, b) => a + b, 0)).toBe(4096);
});

test('a latent that never fires has neighbours by its weights and effects all the same', async () => {
  const profile = await stored(9);
  expect(profile).toMatchObject({ tokens: null, histogram: null, windows: 0, neighbours: { coOccurrence: { nearest: [] } } });
  expect(profile.neighbours.decoder!.nearest).toHaveLength(10);
  expect(profile.logitEffects).not.toBeNull();
});

test('the coder’s figures stand on its row', async () => {
  const { rows } = await pool.query<{ profile: unknown }>('SELECT profile FROM sparse_coders WHERE id = $1', [seeded.coderId]);
  const profile = coderProfileSchema.parse(rows[0]!.profile);
  expect(profile).toMatchObject({ runId, latents: WIDTH, alive: 2, dead: WIDTH - 2, tokens: ROWS * (ROW - 1), documents: 6 });
  const { loss, varianceUnexplained, rows: measured } = profile.reconstruction!;
  expect(measured).toBe(ROWS);
  expect(varianceUnexplained).toBeGreaterThan(0);
  expect(loss.spliced - loss.original).toBeCloseTo(loss.increase, 10);
  expect(loss.lower!).toBeLessThan(loss.increase);
});

test('a latent’s page shows the profile of its own run, with what its neighbours’ pages say', async () => {
  const latent = await getLatent(pool, 'm', 'c', 7);
  expect(latent.profile!.neighbours.coOccurrence.nearest).toEqual([{ index: 8, similarity: expect.any(Number), explanation: 'Some wars.', hasPage: true }]);
  expect(latent.profile!.neighbours.decoder!.nearest[0]).toMatchObject({ explanation: null, hasPage: false });
  await pool.query('UPDATE latents SET run_id = $1 WHERE index = 7', [seeded.runId]);
  expect((await getLatent(pool, 'm', 'c', 7)).profile, 'its row is of a run that profiled nothing').toBeNull();
  await pool.query('UPDATE latents SET run_id = $1 WHERE index = 7', [runId]);
});

test('an explanation that a takedown withholds is not shown on its neighbours’ pages either', async () => {
  await pool.query(`ALTER TABLE explanations DISABLE TRIGGER ALL`);
  await pool.query(`UPDATE explanations SET provenance = '{"documents": ["d1"]}' WHERE latent_index = 8`);
  await pool.query(`ALTER TABLE explanations ENABLE TRIGGER ALL`);
  await suppress(pool, seeded, 'd1');
  expect((await getLatent(pool, 'm', 'c', 7)).profile!.neighbours.coOccurrence.nearest[0]).toMatchObject({ index: 8, explanation: null, hasPage: true });
});

test('another run of the same takes over what stands, and a row that no page shows goes', async () => {
  const before = await filesNow();
  const again = await newRun();
  await run(collectStatistics(services), { runId: again });
  await run(collectNeighbours(services), { runId: again });
  expect(await run(collectProfiles(services), { runId: again, latents: [7, 8, 9] })).toMatchObject({ result: { profiles: 0, reused: 3 } });
  await run(collectReconstruction(services), { runId: again });
  expect(await filesNow()).toEqual(before);
  const { profileKey } = (await loadRun(pool, again)).results;
  expect(profileKey).toBe((await loadRun(pool, runId)).results.profileKey);

  await pool.query(`UPDATE latent_profiles SET profile_key = 'old' WHERE latent_index IN (7, 8)`);
  await pool.query(`UPDATE runs SET results = results || '{"profileKey": "old"}' WHERE id = $1`, [runId]);
  await pool.query('UPDATE runs SET finished_at = now() WHERE id = $1', [runId]);
  await pool.query('UPDATE latents SET run_id = $1 WHERE index = 8', [again]);
  expect(await run(collectProfiles(services), { runId: again, latents: [7, 8, 9] })).toMatchObject({ result: { profiles: 2, reused: 1 } });
  const { rows } = await pool.query<{ row: string }>(
    `SELECT latent_index || ' ' || CASE profile_key WHEN 'old' THEN 'old' ELSE 'new' END AS row FROM latent_profiles ORDER BY 1`,
  );
  expect(rows.map(({ row }) => row)).toEqual(['7 new', '7 old', '8 new', '9 new']);
});

test('a stopped task writes nothing', async () => {
  const fresh = await newRun();
  await pool.query(`UPDATE runs SET results = results || '{"activationKey": "gone"}' WHERE id = $1`, [fresh]);
  await expect(run(collectStatistics(services), { runId: fresh })).rejects.toMatchObject({ code: 'not_found' });
  const files = artifacts.files.size;
  await writeCoder(artifacts, 'others', { hookpoint: 'layers.2', width: WIDTH, rows: ROWS, rowLength: ROW }, [{ latent: 1, place: 5, value: 1 }]);
  await pool.query(`UPDATE runs SET results = results || '{"activationKey": "others"}' WHERE id = $1`, [fresh]);
  const added = artifacts.files.size - files;
  const stopped = AbortSignal.abort(new Error('told to stop'));
  await expect(run(collectStatistics(services), { runId: fresh }, stopped)).rejects.toMatchObject({ code: 'cancelled' });
  await expect(run(collectNeighbours(services), { runId: fresh }, stopped)).rejects.toMatchObject({ code: 'cancelled' });
  expect(artifacts.files.size).toBe(files + added);
});
