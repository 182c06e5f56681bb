import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { writeDataSet } from '#gpu-worker/activations/data-set.ts';
import { createRunCache } from '#gpu-worker/stages/run-cache.ts';
import { sampleLatents } from '#gpu-worker/stages/sample-latents.ts';
import { readyLatents } from '#gpu-worker/stages/plan.ts';
import { loadRun } from '#gpu-worker/stages/run-facts.ts';
import type { WorkerServices } from '#gpu-worker/stages/services.ts';
import { transaction } from '#platform/database/transaction.ts';
import { createEmbeddedEngine } from '#platform/search/embedded.ts';
import { writeCoder } from '#tests/doubles/activations.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { seedCoder, type Seeded } from '#tests/integration/server/seed.ts';
import { withDatabase } from '#tests/integration/with-database.ts';

const { pool } = await withDatabase();
const artifacts = memoryArtifacts();
const search = createEmbeddedEngine({ pool, vectorScan: null });
const services = { pool, artifacts, search, cache: createRunCache(4) } as Partial<WorkerServices> as WorkerServices;

const [ROWS, ROW, WIDTH, BOS] = [120, 256, 3, 1];
let seeded: Seeded;

/** Rows of twelve documents, by turns train and test; latent 0 fires in every row, latent 1 in two, latent 2 never. */
beforeAll(async () => {
  const tokens = Int32Array.from({ length: ROWS * ROW }, (_, at) => (at % ROW === 0 ? BOS : 300 + (at % 97)));
  const document = Uint32Array.from({ length: ROWS }, (_, row) => row % 12);
  const documents = Array.from({ length: 12 }, (_, i) => ({ key: `d${i}`, split: i % 2 === 0 ? ('train' as const) : ('test' as const) }));
  await writeDataSet(artifacts, 'data', { tokens, document, length: new Uint16Array(ROWS).fill(ROW), rows: ROWS }, { rowLength: ROW, bos: BOS, documents });
  const pairs = Array.from({ length: ROWS }, (_, row) => ({ latent: 0, place: row * ROW + 40 + (row % 7), value: 1 + row }));
  pairs.push({ latent: 1, place: 50, value: 2 }, { latent: 1, place: ROW + 50, value: 3 });
  await writeCoder(artifacts, 'activations', { hookpoint: 'layers.0', width: WIDTH, rows: ROWS, rowLength: ROW }, pairs);
  seeded = await seedCoder(pool, { model: 'm', coder: 'c', latents: [] });
  await pool.query('UPDATE models SET location = $1', [path.resolve('models/presidents-4m')]);
});

/** A run of the coder that has collected, as its sample stage finds it. */
async function newRun(sampleKey: string): Promise<string> {
  const results = { dataKey: 'data', activationKey: 'activations', sampleKey, width: WIDTH };
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO runs (config, config_hash, model_id, coder_id, text_source_id, protocol, results)
     SELECT config, config_hash, model_id, coder_id, text_source_id, protocol, $2 FROM runs WHERE id = $1 RETURNING id::text`,
    [seeded.runId, results],
  );
  return rows[0]!.id;
}

async function sample(runId: string, latents = [0, 1, 2]): Promise<Record<string, unknown> | undefined> {
  let result: Record<string, unknown> | undefined;
  await sampleLatents(services)(
    { runId, latents },
    {
      runId: BigInt(runId),
      taskId: 1n,
      fence: 1,
      signal: new AbortController().signal,
      progress: () => undefined,
      commit: async (write) => {
        result = await transaction(pool, write);
      },
    },
  );
  return result;
}

const latents = async () => (await pool.query<Record<string, unknown>>('SELECT * FROM latents WHERE coder_id = $1 ORDER BY index', [seeded.coderId])).rows;
const readings = async (work: () => Promise<unknown>): Promise<number> => {
  let reads = 0;
  const { open } = artifacts;
  artifacts.open = async (key) => {
    const file = await open(key);
    return { ...file, read: (...args) => ((reads += 1), file.read(...args)) };
  };
  await work().finally(() => (artifacts.open = open));
  return reads;
};

test('a second run of the same sample takes over what stands, and goes on with the same latents', async () => {
  const first = await newRun('s1');
  expect(await sample(first)).toEqual({ latents: 3, blobs: 2, reused: 0 });
  const before = await latents();
  expect(before.map(({ status }) => status)).toEqual(['ready', 'too_few_windows', 'dead']);
  const second = await newRun('s1');
  expect(await sample(second)).toEqual({ latents: 1, blobs: 0, reused: 2 });
  const strip = (rows: Record<string, unknown>[]) => rows.map(({ run_id: _, updated_at: __, ...rest }) => rest);
  expect(strip(await latents())).toEqual(strip(before));
  expect((await latents()).map(({ run_id }) => run_id)).toEqual([second, second, second]);
  expect(await readyLatents(pool, await loadRun(pool, second))).toEqual([0]);
});

test('where nothing is left to sample, no activations are read', async () => {
  const again = await newRun('s1');
  // Only the dead latent, of which no sample holds windows, is looked at again.
  expect(await readings(() => sample(again))).toBeGreaterThan(0);
  expect(await readings(() => sample(again, [0, 1]))).toBe(0);
});

test('another sample is sampled anew', async () => {
  expect(await sample(await newRun('s2'))).toEqual({ latents: 3, blobs: 2, reused: 0 });
  expect((await latents()).map(({ sample_key }) => sample_key)).toEqual(['s2', 's2', null]);
});
