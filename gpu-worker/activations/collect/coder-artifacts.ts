import { z } from 'zod';
import { AppError, isAppError } from '#lib/errors/app-error.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { ALGORITHM_VERSIONS } from '#gpu-worker/activations/keys.ts';
import { openCoderFile, type CoderFacts } from '#gpu-worker/activations/store/coder-file.ts';
import { coderSchema, storedFile, type CoderEntry } from '#gpu-worker/activations/store/manifest.ts';
import { mergeRuns } from '#gpu-worker/activations/store/merge-runs.ts';
import { verifyRun } from '#gpu-worker/activations/store/run-stream.ts';

/**
 * What lies under a coder's content key: while it is collected, the sorted runs of each shard of rows with a mark that
 * the shard is complete; in the end one file by latent and the entry that describes it, and nothing else.
 */
const folder = (key: string): string => `activations/${key}`;
const spillFolder = (key: string): string => `${folder(key)}/spill`;
/** A shard is known by its rows, so that one cut otherwise is never taken for it. */
export interface Shard {
  first: number;
  count: number;
}
const shardName = ({ first, count }: Shard): string => `rows-${String(first).padStart(9, '0')}-${count}`;

export const coderFileKey = (key: string): string => `${folder(key)}/by-latent.bin`;
const entryKey = (key: string): string => `${folder(key)}/coder.json`;
const shardMarkKey = (key: string, shard: Shard): string => `${spillFolder(key)}/${shardName(shard)}.json`;
export const runKey = (key: string, shard: Shard, run: number): string => `${spillFolder(key)}/${shardName(shard)}.${String(run).padStart(4, '0')}.bin`;

/** What determines a coder's activations on some rows. */
export function coderParts(o: {
  data: string;
  masked: boolean;
  model: string;
  coder: string;
  hookpoint: string;
  provider: string;
}): Record<string, string | number> {
  const { data, masked, model, coder, hookpoint, provider } = o;
  // CUDA multiplies singles rounded to ten bits of mantissa on every card that can, unless told otherwise, which Node’s binding cannot.
  const number = provider === 'cuda' ? 'tf32' : 'f32';
  return { version: ALGORITHM_VERSIONS.activations, data, masking: masked ? 'bos' : 'none', model, coder, hookpoint, provider, number };
}

const whole = z.number().int().nonnegative();
const shardSchema = z.object({ runs: whole, pairs: whole, sum: z.number() });
export type SpilledShard = z.infer<typeof shardSchema>;

/** Says that a shard's runs are all there; written after them. */
export async function markShard(store: ArtifactStore, key: string, shard: Shard, spilled: SpilledShard): Promise<void> {
  await store.write(shardMarkKey(key, shard), Buffer.from(JSON.stringify(spilled)));
}

export const hasShard = (store: ArtifactStore, key: string, shard: Shard): Promise<boolean> => store.has(shardMarkKey(key, shard));

/** Which of some shards are complete, by their numbers. */
export async function spilledShards(store: ArtifactStore, key: string, shards: readonly Shard[]): Promise<Set<number>> {
  const there = new Set(await store.list(spillFolder(key)));
  return new Set(shards.flatMap((shard, i) => (there.has(shardMarkKey(key, shard)) ? [i] : [])));
}

/** Rows cut into shards of `size`. */
export function cutRows(rows: number, size: number): Shard[] {
  return Array.from({ length: Math.ceil(rows / size) }, (_, i) => ({ first: i * size, count: Math.min(size, rows - i * size) }));
}

/** Whether the coder's file is finished, and still there. */
export async function isCollected(store: ArtifactStore, key: string): Promise<boolean> {
  return (await store.has(entryKey(key))) && (await store.has(coderFileKey(key)));
}

/** The entry of a finished coder, or null. */
export async function readCoderEntry(store: ArtifactStore, key: string): Promise<CoderEntry | null> {
  if (!(await isCollected(store, key))) return null;
  return parsed(coderSchema, await store.read(entryKey(key)), entryKey(key));
}

export async function writeCoderEntry(store: ArtifactStore, entry: CoderEntry): Promise<void> {
  await store.write(entryKey(entry.key), Buffer.from(`${JSON.stringify(entry, null, 2)}\n`));
}

/**
 * Merges the runs of all shards, in order of their rows, into the coder's file, describes it, and removes the runs. Once:
 * what is there is not made again. A shard that is damaged or incomplete is discarded, so that it alone is collected anew
 * by whoever does that, and named in an AppError 'corrupt_file'.
 */
export async function mergeCoder(
  store: ArtifactStore,
  {
    key,
    shards,
    facts,
    madeOf,
    progress,
  }: { key: string; shards: readonly Shard[]; facts: CoderFacts; madeOf: CoderEntry['made_of']; progress?: (pairs: number) => void },
): Promise<CoderEntry> {
  let entry = await readCoderEntry(store, key);
  if (entry === null) {
    const runs: string[] = [];
    let [sum, pairs] = [0, 0];
    try {
      for (const shard of shards) {
        const spilled = await readMark(store, key, shard);
        for (let run = 0; run < spilled.runs; run++) runs.push(runKey(key, shard, run));
        sum += spilled.sum;
        pairs += spilled.pairs;
      }
      if (!(await store.has(coderFileKey(key))))
        await mergeRuns({ store, runs, key: coderFileKey(key), facts, scratch: spillFolder(key), ...(progress ? { progress } : {}) });
    } catch (error) {
      if (!isDamage(error)) throw error;
      // Runs that are gone may have been merged by another process meanwhile.
      entry = await readCoderEntry(store, key);
      if (entry === null) throw await withoutDamaged(store, key, shards, error);
    }
    entry ??= await describeShards(store, { key, sum, madeOf }, { shards, pairs });
  }
  await removeSpilled(store, key);
  return entry;
}

/** Removes the runs of a coder that is merged: those that a process killed just then has left, too. */
export async function removeSpilled(store: ArtifactStore, key: string): Promise<void> {
  for (const left of await store.list(spillFolder(key))) await store.delete(left);
}

/** Describes the merged file and writes that down, when all pairs of the shards are in it; else it is removed. */
async function describeShards(
  store: ArtifactStore,
  coder: { key: string; sum: number; madeOf: CoderEntry['made_of'] },
  { shards, pairs }: { shards: readonly Shard[]; pairs: number },
): Promise<CoderEntry> {
  const entry = await describeCoder(store, coder);
  if (entry.pairs !== pairs) {
    await store.delete(entry.file.path);
    const cause = new AppError('corrupt_file', `The artifact ${entry.file.path} holds ${entry.pairs} pairs, and its shards ${pairs}.`);
    throw await withoutDamaged(store, coder.key, shards, cause);
  }
  await writeCoderEntry(store, entry);
  return entry;
}

async function readMark(store: ArtifactStore, key: string, shard: Shard): Promise<SpilledShard> {
  const mark = shardMarkKey(key, shard);
  return parsed(shardSchema, await store.read(mark), mark);
}

const isDamage = (error: unknown): error is AppError => isAppError(error) && (error.code === 'corrupt_file' || error.code === 'not_found');

/** Takes back the marks of shards that cannot be read to their ends, and what was merged from them, and says so. */
async function withoutDamaged(store: ArtifactStore, key: string, shards: readonly Shard[], cause: AppError): Promise<AppError> {
  for (const name of await store.list(spillFolder(key))) if (/\/merged-\d+-[0-9a-f]+\.bin$/.test(name)) await store.delete(name);
  const damaged: { shard: Shard; part: string }[] = [];
  for (const shard of shards) {
    const part = await damagedPart(store, key, shard);
    if (part === null) continue;
    await store.delete(shardMarkKey(key, shard));
    damaged.push({ shard, part });
  }
  const [first] = damaged;
  // Runs merged from those of several shards are made again from them.
  if (first === undefined) return new AppError('corrupt_file', `${cause.message} The shards that it was made from are sound.`, { cause, retryable: true });
  const rows = `rows ${first.shard.first} to ${first.shard.first + first.shard.count - 1}`;
  const which = damaged.length === 1 ? `the shard of ${rows} was` : `${damaged.length} shards, the first of ${rows}, were`;
  return new AppError('corrupt_file', `The artifact ${first.part} is damaged or gone, and ${which} discarded: start again, and only that is collected anew.`, { cause }); // prettier-ignore
}

/** The key of a shard's first artifact that cannot be read to its end; null when all can. */
async function damagedPart(store: ArtifactStore, key: string, shard: Shard): Promise<string | null> {
  let part = shardMarkKey(key, shard);
  try {
    const { runs, pairs } = await readMark(store, key, shard);
    let held = 0;
    for (let run = 0; run < runs; run++) held += await verifyRun(store, (part = runKey(key, shard, run)));
    return held === pairs ? null : part;
  } catch (error) {
    if (isDamage(error)) return part;
    throw error;
  }
}

/** The entry of a coder whose file stands. */
export async function describeCoder(
  store: ArtifactStore,
  { key, sum, madeOf }: { key: string; sum: number; madeOf: CoderEntry['made_of'] },
): Promise<CoderEntry> {
  const coder = await openCoderFile(store, coderFileKey(key));
  await coder.close();
  const { hookpoint, width, pairs, counts } = coder;
  const alive = counts.reduce((n, count) => n + (count > 0 ? 1 : 0), 0);
  return { key, hookpoint, width, pairs, alive, activation_sum: sum, made_of: madeOf, file: await storedFile(store, coderFileKey(key)) };
}

function parsed<T>(schema: z.ZodType<T>, bytes: Buffer, key: string): T {
  try {
    return schema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    throw new AppError('corrupt_file', `The artifact ${key} is damaged: it is not what was written. Delete it and run the stage again.`, { cause });
  }
}
