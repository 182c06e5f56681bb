import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { Spill } from '#gpu-worker/activations/store/spill.ts';
import { writeRun } from '#gpu-worker/activations/store/run-stream.ts';
import type { StoredRows } from '#gpu-worker/activations/store/types.ts';
import { batchSize, inBatches, tokenBytes } from '#gpu-worker/model/batches.ts';
import type { Checkpoint } from '#gpu-worker/model/checkpoint.ts';
import { openInstrumentedModel, type TapResult } from '#gpu-worker/model/instrumented-model.ts';
import { memoryBudget } from '#gpu-worker/model/memory-budget.ts';
import type { Device } from '#gpu-worker/model/onnx.ts';
import type { SparseCoder } from '#gpu-worker/sparse-coder/coder.ts';
import { markShard, runKey, type Shard } from './coder-artifacts.ts';

/** Tokens in one session run, at most: they fill both cores, and the event loop, which a run holds up, comes round a few times a second. */
const BATCH_TOKENS = 2048;
/** Pairs held at a time for all coders together, and for one: 32 bytes each. One run of this size is some 32,000 tokens at 32 active. */
const HELD_PAIRS = 1 << 22;
const MOST_PAIRS = 1 << 20;
const LEAST_PAIRS = 1 << 16;

/** A coder to be run, under the content key of what it gives. */
export interface CollectedCoder {
  key: string;
  coder: SparseCoder;
  hookpoint: string;
}

export interface ShardHooks {
  /** Called before each batch; throws to end the shard. */
  breathe(): Promise<void>;
  /** Tokens of the shard so far, masked ones and padding not counted. */
  progress(tokens: number): void;
  onHalved(rows: number): void;
}

/** A model with coders inside its graph. */
export interface Collector {
  /** Runs a shard's rows, writes what each coder gives, and marks it complete. Returns the pairs of all coders. */
  shard(rows: StoredRows, shard: Shard, hooks: ShardHooks): Promise<number>;
  close(): Promise<void>;
}

/** Opens the model for rows of a length. Throws what `openInstrumentedModel` throws. */
export async function openCollector(
  artifacts: ArtifactStore,
  o: { checkpoint: Checkpoint; coders: readonly CollectedCoder[]; rowLength: number; threads?: number | undefined; device: Device },
): Promise<Collector> {
  const { checkpoint, coders, rowLength, device } = o;
  const model = await openInstrumentedModel({ checkpoint, taps: coders, device, ...(o.threads === undefined ? {} : { threads: o.threads }) });
  const rowBytes = rowLength * tokenBytes(checkpoint.spec, rowLength, coders.map(({ coder }) => ({ width: coder.dIn, coder }))); // prettier-ignore
  const batchRows = Math.min(Math.max(1, Math.floor(BATCH_TOKENS / rowLength)), batchSize(rowBytes, rowLength, memoryBudget(device)));
  const capacity = Math.max(LEAST_PAIRS, Math.min(MOST_PAIRS, Math.floor(HELD_PAIRS / coders.length)));
  const outlets = coders.map(({ key, coder }) => createOutlet(artifacts, key, coder.width, capacity));
  return {
    async shard(rows, shard, hooks) {
      const { first, count } = shard;
      let tokens = 0;
      for (const outlet of outlets) outlet.begin(shard);
      const collect = async (done: number, size: number): Promise<void> => {
        await hooks.breathe();
        const ids = await rows.tokens(first + done, size);
        const results = await model.run(ids, size, rowLength);
        const kept = keptPlaces(ids, rows, first + done, size);
        for (const [i, result] of results.entries()) await keep((outlets[i] as Outlet).spill, result, kept, (first + done) * rowLength);
        tokens += kept.length;
        hooks.progress(tokens);
      };
      await inBatches(count, batchRows, collect, hooks.onHalved);
      let pairs = 0;
      for (const outlet of outlets) pairs += await outlet.end();
      return pairs;
    },
    close: () => model.close(),
  };
}

interface Outlet {
  spill: Spill;
  begin(shard: Shard): void;
  end(): Promise<number>;
}

function createOutlet(artifacts: ArtifactStore, key: string, width: number, capacity: number): Outlet {
  let [shard, runs]: [Shard, number] = [{ first: 0, count: 0 }, 0];
  const newSpill = (): Spill => new Spill(width, capacity, (words, pairs) => writeRun(artifacts, runKey(key, shard, runs++), [words], () => pairs));
  const outlet: Outlet = {
    spill: newSpill(),
    begin(next) {
      // What a shard that broke off left in the spill must not get into this one.
      if (runs > 0 || !outlet.spill.isEmpty) outlet.spill = newSpill();
      [shard, runs] = [next, 0];
    },
    async end() {
      const totals = await outlet.spill.finish();
      await markShard(artifacts, key, shard, { runs, ...totals });
      runs = 0;
      return totals.pairs;
    },
  };
  return outlet;
}

/** Positions of a batch that are stored: not the masked token (`method.md` §2.3, the paper's version) and not padding. */
function keptPlaces(ids: Int32Array, rows: StoredRows, firstRow: number, size: number): Uint32Array {
  const kept = new Uint32Array(ids.length);
  let n = 0;
  for (let row = 0; row < size; row++) {
    const end = row * rows.rowLength + (rows.length[firstRow + row] as number);
    for (let at = row * rows.rowLength; at < end; at++) if (ids[at] !== rows.bos) kept[n++] = at;
  }
  return kept.subarray(0, n);
}

/** The positive values at the kept positions of a batch whose first position is the place `origin`. */
async function keep(spill: Spill, result: TapResult, kept: Uint32Array, origin: number): Promise<void> {
  const { indices, values, k } = result as Required<TapResult>;
  for (const at of kept) {
    const end = (at + 1) * k;
    for (let from = at * k; (from = spill.pushPositive(indices, values, from, end, origin + at)) < end;) await spill.spill();
  }
}
