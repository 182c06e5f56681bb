import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { bytesOf } from './checked-file.ts';
import { writeCoderFile, type CoderFacts, type LatentTables } from './coder-file.ts';
import { halfExponent, halfValue, scaledHalf } from './half-scale.ts';
import { RECORD_HEADER } from './spill.ts';
import { AT_END, RunStream, writeRun } from './run-stream.ts';

/** Runs read at once; more are first merged into fewer. */
const FAN_IN = 384;
/** What all runs read at once hold together, two chunks each; the largest chunk keeps few runs from holding more than they need. */
const READ_BYTES = 48 * 2 ** 20;
const BLOCK = 65_536;
const LARGEST_CHUNK = 32 * BLOCK;
/** Pairs encoded at a time. */
const OUT_PAIRS = 1 << 18;

export interface MergeOptions {
  store: ArtifactStore;
  /** Keys of the runs in order of their places. */
  runs: readonly string[];
  /** Key of the result. */
  key: string;
  facts: CoderFacts;
  /** Folder of the runs in between, where there are more than can be read at once; they are left there. */
  scratch: string;
  /** Hears of pairs written; throws to end the merge. */
  progress?(pairs: number): void;
}

/** Merges runs into a coder's file; memory does not depend on how many pairs there are. Returns their number. */
export async function mergeRuns({ store, runs, key, facts, scratch, progress }: MergeOptions): Promise<number> {
  let level = [...runs];
  for (let depth = 0; level.length > FAN_IN; depth++) {
    const merged: string[] = [];
    for (let first = 0; first < level.length; first += FAN_IN) {
      const into = `${scratch}/merged-${depth}-${String(merged.length).padStart(4, '0')}.bin`;
      if (!(await store.has(into))) await joinRuns(store, level.slice(first, first + FAN_IN), into);
      merged.push(into);
    }
    level = merged;
  }
  return withStreams(store, level, async (streams) => {
    const tables: LatentTables = {
      counts: new Uint32Array(facts.width),
      exponents: new Int16Array(facts.width),
      max: new Float32Array(facts.width),
      sum: new Float64Array(facts.width),
    };
    return writeCoderFile(store, key, facts, encodePairs(streams, tables, facts, progress), tables);
  });
}

/** Opens runs for as long as `work` takes; together they hold the same memory however many they are. */
export async function withStreams<T>(store: ArtifactStore, runs: readonly string[], work: (streams: RunStream[]) => Promise<T>): Promise<T> {
  const share = Math.floor(READ_BYTES / (2 * Math.max(1, runs.length)) / BLOCK) * BLOCK;
  const chunk = Math.min(LARGEST_CHUNK, Math.max(BLOCK, share));
  const streams: RunStream[] = [];
  try {
    for (const run of runs) streams.push(await RunStream.open(store, run, chunk));
    return await work(streams);
  } finally {
    for (const stream of streams) await stream.close();
  }
}

interface LatentRecords {
  latent: number;
  /** The streams that hold some of it, in order of place. */
  from: RunStream[];
  count: number;
  largest: number;
  smallest: number;
}

/** The latents that any stream holds, ascending; a stream stands at its record, which must be used up before the next latent is asked for. */
export async function* byLatent(streams: readonly RunStream[]): AsyncGenerator<LatentRecords> {
  // Beside each other, as all of them are looked at for each latent.
  const heads = Float64Array.from(streams, ({ latent }) => latent);
  for (;;) {
    let latent = AT_END;
    for (const head of heads) if (head < latent) latent = head;
    if (latent === AT_END) return;
    const from: RunStream[] = [];
    heads.forEach((head, i) => {
      if (head === latent) from.push(streams[i]!);
    });
    let count = 0;
    let largest = 0;
    let smallest = Infinity;
    for (const stream of from) {
      count += stream.count;
      if (stream.largest > largest) largest = stream.largest;
      if (stream.smallest < smallest) smallest = stream.smallest;
    }
    yield { latent, from, count, largest, smallest };
    for (let i = 0; i < heads.length; i++) {
      if (heads[i] !== latent) continue;
      const stream = streams[i]!;
      if (!stream.tryNextRecord()) await stream.nextRecord();
      heads[i] = stream.latent;
    }
  }
}

/** The pairs as they stand in a coder's file: place (u32) and scaled half, six bytes. Fills the tables as it goes. */
async function* encodePairs(
  streams: readonly RunStream[],
  tables: LatentTables,
  { width, rows, rowLength }: CoderFacts,
  progress: ((pairs: number) => void) | undefined,
): AsyncGenerator<Uint8Array> {
  // Two by turns: one may still be on its way to the disk while the other is filled.
  let [out, other] = [new Uint16Array(3 * OUT_PAIRS), new Uint16Array(3 * OUT_PAIRS)];
  const places = rows * rowLength;
  let used = 0;
  let done = 0;
  for await (const { latent, from, count, largest, smallest } of byLatent(streams)) {
    if (latent >= width) throw from[0]!.damaged();
    const exponent = halfExponent(largest, smallest);
    const [factor, unit] = [2 ** -exponent, 2 ** exponent];
    let before = -1;
    let max = -Infinity;
    let sum = 0;
    for (const stream of from) {
      for (let left = stream.count; left > 0;) {
        if (stream.at === stream.words.length && !(await stream.refill())) throw stream.damaged();
        if (used === out.length) {
          yield bytesOf(out);
          progress?.(done);
          [out, other, used] = [other, out, 0];
        }
        const { words, values } = stream;
        const taken = Math.min(left, (words.length - stream.at) / 2, (out.length - used) / 3);
        const end = stream.at + 2 * taken;
        for (let at = stream.at; at < end; at += 2) {
          const place = words[at]!;
          if (place <= before || place >= places) throw stream.damaged();
          before = place;
          const half = scaledHalf(values[at + 1]!, factor);
          const kept = halfValue(half) * unit;
          sum += kept;
          if (kept > max) max = kept;
          out[used] = place & 0xffff;
          out[used + 1] = place >>> 16;
          out[used + 2] = half;
          used += 3;
        }
        stream.at = end;
        left -= taken;
        done += taken;
      }
    }
    tables.counts[latent] = count;
    tables.exponents[latent] = exponent;
    tables.max[latent] = max;
    tables.sum[latent] = sum;
  }
  yield bytesOf(out.subarray(0, used));
  progress?.(done);
}

/** Merges runs into one run. */
async function joinRuns(store: ArtifactStore, runs: readonly string[], into: string): Promise<void> {
  await withStreams(store, runs, async (streams) => {
    let pairs = 0;
    async function* records(): AsyncGenerator<Uint8Array> {
      const header = new Uint32Array(RECORD_HEADER);
      const singles = new Float32Array(header.buffer);
      for await (const { latent, from, count, largest, smallest } of byLatent(streams)) {
        header.set([latent, count]);
        singles.set([largest, smallest], 2);
        yield bytesOf(header);
        pairs += count;
        for (const stream of from) {
          for (let left = stream.count; left > 0;) {
            if (stream.at === stream.words.length && !(await stream.refill())) throw stream.damaged();
            const taken = Math.min(left, (stream.words.length - stream.at) / 2);
            // A copy, as the chunk's own memory may be filled anew before this is on the disk.
            yield bytesOf(stream.words.slice(stream.at, stream.at + 2 * taken));
            stream.at += 2 * taken;
            left -= taken;
          }
        }
      }
    }
    await writeRun(store, into, records(), () => pairs);
  });
}
