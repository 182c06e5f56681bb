import { setTimeout as delay } from 'node:timers/promises';
import { AppError, isAppError } from '#lib/errors/app-error.ts';
import { createClaims, type Claims } from '#platform/artifacts/claims.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { dataSetKey } from '#gpu-worker/activations/data-set.ts';
import { contentKey } from '#gpu-worker/activations/keys.ts';
import { readStoreManifest, storedFile, publishManifest, type CoderEntry, type DataEntry, type StoreManifest } from '#gpu-worker/activations/store/manifest.ts';
import { openRows, type RowsFile } from '#gpu-worker/activations/store/rows-file.ts';
import type { Checkpoint } from '#gpu-worker/model/checkpoint.ts';
import type { Device } from '#gpu-worker/model/onnx.ts';
import type { SparseCoder } from '#gpu-worker/sparse-coder/coder.ts';
import { coderParts, cutRows, isCollected, mergeCoder, spilledShards, type Shard } from './coder-artifacts.ts';
import { openCollector, type CollectedCoder, type Collector } from './collector.ts';

/** Tokens a shard: what a kill costs, and with 32 active latents a million pairs. The same for every size of text, and so is the memory. */
const SHARD_TOKENS = 32_768;
/** How long to wait before looking again whether another process has finished what it took. */
const WAIT_MS = 300;
/** Times that shards are collected and merged when some are found damaged. */
const ATTEMPTS = 2;

export interface CollectRequest {
  artifacts: ArtifactStore;
  checkpoint: Checkpoint;
  coders: readonly { coder: SparseCoder; hookpoint: string; name: string }[];
  data: {
    /** What determines the rows; the hash of it is their key. */
    parts: Record<string, string | number | null>;
    /** For people: what was asked for. */
    name: string;
    write(key: string): Promise<void>;
  };
  threads?: number | undefined;
  device: Device;
  /** What a kill costs; 32,768 by default. The store does not depend on it. */
  shardTokens?: number;
  say(sentence: string): void;
  progress?(tokens: number, of: number): void;
}

export interface Collected {
  manifest: StoreManifest;
  /** Tokens of the rows, masked ones counted, padding not. */
  tokens: number;
  /** Tokens that this process ran through the model: fewer when another did some, or a killed one before. */
  ran: number;
  /** From the first batch to the finished store. */
  seconds: number;
  /** Before that: reading the text or tokens and opening the model. */
  loadSeconds: number;
}

/**
 * Runs coders over rows into a finished store, and goes on where a killed process stopped. Several processes may do so
 * on one storage at a time: each shard, and each merge, is done by one of them, and all return when it is finished. The
 * manifest is written last; one of other parameters is replaced by it then, and what only that one named is deleted.
 */
export async function collectStore(request: CollectRequest): Promise<Collected> {
  const { artifacts, checkpoint, device, data } = request;
  const began = performance.now();
  const dataKey = contentKey(data.parts);
  const claims = createClaims(artifacts);
  await once(claims, `rows-${dataKey}`, () => artifacts.has(dataSetKey(dataKey)), () => data.write(dataKey)); // prettier-ignore
  const rows = await openRows(artifacts, dataSetKey(dataKey), { documents: false });
  try {
    const coders = request.coders.map(({ coder, hookpoint, name }) => {
      const parts = coderParts({ data: dataKey, masked: rows.bos !== null, model: checkpoint.revision, coder: coder.revision, hookpoint, provider: device });
      return { key: contentKey(parts), coder, hookpoint, madeOf: { ...parts, model_name: checkpoint.name, coder_name: name } };
    });
    const keys = coders.map(({ key }) => key);
    const twice = coders.find(({ key }, i) => keys.indexOf(key) !== i);
    if (twice)
      throw new AppError('bad_request', `The coder ${twice.madeOf.coder_name} is named twice for ${twice.hookpoint}; name it once.`, { field: 'coder' });
    const tokens = rows.length.reduce((sum, length) => sum + length, 0);
    const key = contentKey({ data: dataKey, coders: keys });
    const before = await readStoreManifest(artifacts);
    if (before?.key === key && (await stands(artifacts, before)))
      return { manifest: before, tokens, ran: 0, seconds: 0, loadSeconds: (performance.now() - began) / 1000 };

    const shardRows = Math.max(1, Math.floor((request.shardTokens ?? SHARD_TOKENS) / rows.rowLength));
    const shards = cutRows(rows.rows, shardRows);
    let ran = 0;
    let started = performance.now();
    let entries: CoderEntry[] | null = null;
    for (let attempt = 1; entries === null; attempt++) {
      const open: CollectedCoder[] = [];
      for (const coder of coders) if (!(await isCollected(artifacts, coder.key))) open.push(coder);
      const work = await shardWork(artifacts, open, shards);
      if (!(await work.isDone())) {
        const collector = await openCollector(artifacts, { checkpoint, coders: open, rowLength: rows.rowLength, threads: request.threads, device });
        if (attempt === 1) started = performance.now();
        try {
          ran += await collectShards({ request, claims, collector, rows, work, storeKey: key, shards, tokens });
        } finally {
          await collector.close();
        }
      }
      try {
        entries = await mergeAll(artifacts, claims, coders, shards, rows);
      } catch (error) {
        // A shard that was damaged since is discarded by then, and collected anew; what is damaged again is the disk's doing.
        if (attempt === ATTEMPTS || !isAppError(error) || error.code !== 'corrupt_file') throw error;
        request.say(error.message);
      }
    }
    const manifest: StoreManifest = {
      format: 'latent-atlas activation store',
      version: 1,
      key,
      data: await dataEntry(artifacts, dataKey, rows, { ...data.parts, name: data.name }),
      coders: entries,
    };
    await publishManifest(artifacts, manifest);
    return { manifest, tokens, ran, seconds: (performance.now() - started) / 1000, loadSeconds: (started - began) / 1000 };
  } finally {
    await rows.close();
  }
}

async function mergeAll(
  artifacts: ArtifactStore,
  claims: Claims,
  coders: readonly (CollectedCoder & { madeOf: CoderEntry['made_of'] })[],
  shards: readonly Shard[],
  { rows, rowLength }: RowsFile,
): Promise<CoderEntry[]> {
  const entries: CoderEntry[] = [];
  for (const { key, hookpoint, coder, madeOf } of coders) {
    const merge = (): Promise<CoderEntry> => mergeCoder(artifacts, { key, shards, facts: { hookpoint, width: coder.width, rows, rowLength }, madeOf });
    await once(claims, `merge-${key}`, () => isCollected(artifacts, key), merge);
    // Once more for what it gives, and for the runs that a process killed just then has left.
    entries.push(await merge());
  }
  return entries;
}

/** Has something done by one process of those that share the storage; returns when it is done. */
async function once(claims: Claims, name: string, isDone: () => Promise<boolean>, work: () => Promise<unknown>): Promise<void> {
  while (!(await isDone())) {
    const claim = await claims.take(name);
    if (claim === null) {
      await delay(WAIT_MS);
      continue;
    }
    try {
      if (!(await isDone())) await work();
    } finally {
      await claim.release();
    }
  }
}

interface ShardWork {
  /** Whether every coder has the shard. */
  has(shard: number): boolean;
  /** Looks again at what there is; whether nothing is left to be done. */
  isDone(): Promise<boolean>;
}

async function shardWork(artifacts: ArtifactStore, coders: readonly CollectedCoder[], shards: readonly Shard[]): Promise<ShardWork> {
  let there: Set<number>[] = [];
  const has = (shard: number): boolean => there.every((set) => set.has(shard));
  return {
    has,
    async isDone() {
      there = [];
      for (const { key } of coders) {
        const spilled = await spilledShards(artifacts, key, shards);
        // Another process may have merged it meanwhile, and its runs are gone.
        if (!(await isCollected(artifacts, key))) there.push(spilled);
      }
      return shards.every((_, shard) => has(shard));
    },
  };
}

interface ShardsToCollect {
  request: CollectRequest;
  claims: Claims;
  collector: Collector;
  rows: RowsFile;
  work: ShardWork;
  storeKey: string;
  shards: readonly Shard[];
  tokens: number;
}

/** Collects what no other process has taken, until all is there. Returns the tokens that this process ran. */
async function collectShards({ request, claims, collector, rows, work, storeKey, shards, tokens }: ShardsToCollect): Promise<number> {
  let ran = 0;
  do {
    let took = false;
    for (const [number, shard] of shards.entries()) {
      if (work.has(number)) continue;
      const claim = await claims.take(`${storeKey}-shard-${String(shard.first).padStart(9, '0')}`);
      if (claim === null) continue;
      took = true;
      try {
        const [{ first, count }, done] = [shard, ran];
        await work.isDone();
        if (work.has(number)) continue;
        await collector.shard(rows, shard, {
          breathe: async () => undefined,
          progress: (so) => request.progress?.(done + so, tokens),
          onHalved: (size) => request.say(`Out of memory: going on with ${size} rows at a time.`),
        });
        for (let row = first; row < first + count; row++) ran += rows.length[row]!;
      } finally {
        await claim.release();
      }
    }
    if (!took) await delay(WAIT_MS);
  } while (!(await work.isDone()));
  return ran;
}

async function dataEntry(
  artifacts: ArtifactStore,
  key: string,
  { rows, rowLength, tokenCount, bos }: RowsFile,
  madeOf: DataEntry['made_of'],
): Promise<DataEntry> {
  const file = await openRows(artifacts, dataSetKey(key));
  await file.close();
  return {
    key,
    rows,
    row_length: rowLength,
    tokens: tokenCount,
    documents: file.documents.length,
    masked_token: bos,
    made_of: madeOf,
    file: await storedFile(artifacts, dataSetKey(key)),
  };
}

/** Whether all is there that a manifest names. */
async function stands(artifacts: ArtifactStore, manifest: StoreManifest): Promise<boolean> {
  for (const { file } of [manifest.data, ...manifest.coders]) if (file !== null && !(await artifacts.has(file.path))) return false;
  return true;
}
