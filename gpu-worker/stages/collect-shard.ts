import { shardKey, writeShard, type ShardPairs } from '#gpu-worker/activations/activation-store.ts';
import { readDataSet, type DataSet } from '#gpu-worker/activations/data-set.ts';
import { batchSize, inBatches, tokenBytes } from '#gpu-worker/model/batches.ts';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import { openInstrumentedModel, type InstrumentedModel, type TapResult } from '#gpu-worker/model/instrumented-model.ts';
import { memoryBudget } from '#gpu-worker/model/memory-budget.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { loadRun, requireFact, type RunFacts } from './run-facts.ts';
import type { WorkerServices } from './services.ts';
import { yieldNow } from './yield-now.ts';

/** Rows in one session run, at most: 2,048 tokens fill both cores, and the event loop, which a run holds up, comes round a few times a second. */
const BATCH_ROWS = 8;

/** Runs the model with the coder inside its graph over one shard of rows and stores the pairs. */
export function collectShard(services: WorkerServices): TaskHandler<'collect.shard'> {
  return async ({ runId, shard, first, count }, context) => {
    const run = await loadRun(services.pool, runId);
    const key = requireFact(run, 'activationKey');
    const data = await services.cache.get(`data:${requireFact(run, 'dataKey')}`, () => readDataSet(services.artifacts, requireFact(run, 'dataKey')));
    let pairs: number | null = null;
    const started = performance.now();
    if (!(await services.artifacts.has(shardKey(key, shard)))) {
      const { model, batchRows } = await services.models.get(
        `model:${key}`,
        () => openModel(services, run, data.rowLength),
        (opened) => opened.model.close(),
      );
      const batches: ShardPairs[] = [];
      let tokens = 0;
      const collect = async (done: number, rows: number): Promise<void> => {
        await yieldNow(context.signal);
        const row = first + done;
        const ids = data.tokens.slice(row * data.rowLength, (row + rows) * data.rowLength);
        const [result] = await model.run(ids, rows, data.rowLength);
        batches.push(keepPairs(result as TapResult, data, row, rows));
        for (let i = row; i < row + rows; i++) tokens += (data.length[i] as number) - 1;
        context.progress(tokens);
      };
      await inBatches(count, batchRows, collect, (rows) => services.log.warn({ event: 'batch_halved', run: runId, rows }));
      const joined = joinPairs(batches);
      await writeShard(services.artifacts, key, shard, joined);
      pairs = joined.latent.length;
    }
    await context.commit(async () => ({ pairs, seconds: (performance.now() - started) / 1000, reused: pairs === null }));
  };
}

async function openModel(services: WorkerServices, run: RunFacts, rowLength: number): Promise<{ model: InstrumentedModel; batchRows: number }> {
  const [checkpoint, coder] = [await openCheckpoint(run.modelLocation), await openSparseCoder(run.coderLocation)];
  const { threads, device } = services;
  const model = await openInstrumentedModel({ checkpoint, taps: [{ hookpoint: requireFact(run, 'hookpoint'), coder }], threads, device });
  const rowBytes = rowLength * tokenBytes(checkpoint.spec, rowLength, [{ width: coder.dIn, coder }]);
  return { model, batchRows: Math.min(BATCH_ROWS, batchSize(rowBytes, rowLength, memoryBudget(device))) };
}

/** The positive values on tokens that count: not BOS (`method.md` §2.3, the paper's version) and not padding. */
function keepPairs(result: TapResult, data: DataSet, firstRow: number, rows: number): ShardPairs {
  const { indices, values, k } = result as Required<TapResult>;
  const most = rows * data.rowLength * k;
  const [latent, place, value] = [new Uint32Array(most), new Uint32Array(most), new Float32Array(most)];
  let n = 0;
  for (let row = 0; row < rows; row++) {
    const length = data.length[firstRow + row] as number;
    for (let position = 0; position < length; position++) {
      const at = row * data.rowLength + position;
      const here = (firstRow + row) * data.rowLength + position;
      if (data.tokens[here] === data.bos) continue;
      for (let i = at * k; i < (at + 1) * k; i++) {
        const v = values[i] as number;
        if (!(v > 0)) continue;
        latent[n] = indices[i] as number;
        place[n] = here;
        value[n] = v;
        n++;
      }
    }
  }
  return { latent: latent.slice(0, n), place: place.slice(0, n), value: value.slice(0, n) };
}

function joinPairs(batches: readonly ShardPairs[]): ShardPairs {
  const total = batches.reduce((sum, { latent }) => sum + latent.length, 0);
  const out: ShardPairs = { latent: new Uint32Array(total), place: new Uint32Array(total), value: new Float32Array(total) };
  let at = 0;
  for (const batch of batches) {
    out.latent.set(batch.latent, at);
    out.place.set(batch.place, at);
    out.value.set(batch.value, at);
    at += batch.latent.length;
  }
  return out;
}
