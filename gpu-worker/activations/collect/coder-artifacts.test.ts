import { expect, test } from 'vitest';
import { Spill } from '#gpu-worker/activations/store/spill.ts';
import { writeRun } from '#gpu-worker/activations/store/run-stream.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { coderFileKey, cutRows, isCollected, markShard, mergeCoder, runKey, type Shard } from './coder-artifacts.ts';

const [KEY, ROWS] = ['k', 6];
const facts = { hookpoint: 'h', width: 3, rows: ROWS, rowLength: 1 };
const shards = cutRows(ROWS, 2);

/** Latent 0 fires in every row of the shard, but for those left out of its run. */
async function spillShard(store: ReturnType<typeof memoryArtifacts>, shard: Shard, leftOut = 0): Promise<void> {
  let runs = 0;
  const spill = new Spill(facts.width, 100, (words, pairs) => writeRun(store, runKey(KEY, shard, runs++), [words], () => pairs));
  for (let row = shard.first; row < shard.first + shard.count - leftOut; row++) spill.push(0, row, 1);
  const { sum } = await spill.finish();
  await markShard(store, KEY, shard, { runs, pairs: shard.count, sum });
}

const merge = (store: ReturnType<typeof memoryArtifacts>) => mergeCoder(store, { key: KEY, shards, facts, madeOf: {} });

test('a run that holds less than its shard was marked with is found when it is merged, and the shard is discarded', async () => {
  const store = memoryArtifacts();
  for (const [i, shard] of shards.entries()) await spillShard(store, shard, i === 1 ? 1 : 0);
  await expect(merge(store)).rejects.toThrow(/the shard of rows 2 to 3 was discarded/);
  expect(await isCollected(store, KEY)).toBe(false);
  expect(await store.has(coderFileKey(KEY))).toBe(false);
  await spillShard(store, shards[1]!);
  expect((await merge(store)).pairs).toBe(ROWS);
});

test('whoever finds the runs gone because another has merged them meanwhile takes its file', async () => {
  const store = memoryArtifacts();
  for (const shard of shards) await spillShard(store, shard);
  const { read } = store;
  let overtaken = false;
  store.read = async (key) => {
    if (!overtaken && key.includes('/spill/')) {
      overtaken = true;
      await merge({ ...store, read });
    }
    return read(key);
  };
  expect((await merge(store)).pairs).toBe(ROWS);
  expect(overtaken).toBe(true);
});
