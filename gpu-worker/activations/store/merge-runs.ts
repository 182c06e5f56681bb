import { sha256 } from '#platform/artifacts/trailer.ts';
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
      const group = level.slice(first, first + FAN_IN);
      // Named by what it is made of: rows that are cut otherwise after a kill give other runs.
      const into = `${scratch}/merged-${depth}-${sha256(Buffer.from(group.join('\n'))).slice(0, 16)}.bin`;
      if (!(await store.has(into))) await joinRuns(store, group, into);
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

/**
 * Runs side by side, latent after latent. One object for all of them: what was made anew for each latent, a list of up
 * to 384 runs, took the garbage collector more memory the more runs there were.
 */
export class ByLatent {
  /** The latent at hand. */
  latent = -1;
  /** The runs that hold some of it, in order of place: the first `parts`, each standing at its record. */
  readonly from: RunStream[];
  parts = 0;
  count = 0;
  largest = 0;
  smallest = 0;
  private readonly streams: readonly RunStream[];
  /** Beside each other, as all of them are looked at for each latent. */
  private readonly heads: Float64Array;

  constructor(streams: readonly RunStream[]) {
    this.streams = streams;
    this.from = [...streams];
    this.heads = new Float64Array(streams.length).fill(-1);
  }

  /** Moves on to the next latent, all of the one at hand being used up; false at the end. */
  async next(): Promise<boolean> {
    const { streams, heads, from } = this;
    const before = this.latent;
    let latent = AT_END;
    for (let i = 0; i < heads.length; i++) {
      const stream = streams[i]!;
      if (heads[i] === before) {
        // At the beginning each stands at its first record already.
        if (stream.latent === before && !stream.tryNextRecord()) await stream.nextRecord();
        heads[i] = stream.latent;
      }
      if (heads[i]! < latent) latent = heads[i]!;
    }
    this.latent = latent;
    this.parts = this.count = this.largest = 0;
    this.smallest = Infinity;
    if (latent === AT_END) return false;
    for (let i = 0; i < heads.length; i++) {
      if (heads[i] !== latent) continue;
      const stream = streams[i]!;
      from[this.parts++] = stream;
      this.count += stream.count;
      if (stream.largest > this.largest) this.largest = stream.largest;
      if (stream.smallest < this.smallest) this.smallest = stream.smallest;
    }
    return true;
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
  let used = 0;
  let done = 0;
  const merge = new ByLatent(streams);
  const encoder = new LatentEncoder(rows * rowLength);
  while (await merge.next()) {
    const { latent, from, parts } = merge;
    if (latent >= width) throw from[0]!.damaged();
    encoder.begin(merge.largest, merge.smallest);
    for (let part = 0; part < parts; part++) {
      const stream = from[part]!;
      for (let left = stream.count; left > 0;) {
        if (stream.at === stream.words.length && !(await stream.refill())) throw stream.damaged();
        if (used === out.length) {
          yield bytesOf(out);
          progress?.(done);
          [out, other, used] = [other, out, 0];
        }
        const taken = Math.min(left, (stream.words.length - stream.at) / 2, (out.length - used) / 3);
        if (!encoder.encode(stream, taken, out, used)) throw stream.damaged();
        used += 3 * taken;
        left -= taken;
        done += taken;
      }
    }
    tables.counts[latent] = merge.count;
    tables.exponents[latent] = encoder.exponent;
    tables.max[latent] = encoder.max;
    tables.sum[latent] = encoder.sum;
  }
  yield bytesOf(out.subarray(0, used));
  progress?.(done);
}

/**
 * Encodes the pairs of one latent after another. Apart from the generator, in which the compiler leaves every number
 * with a fraction as an object of its own: a third of the merge's time, and garbage that made its memory grow.
 */
class LatentEncoder {
  exponent = 0;
  private readonly places: number;
  private before = -1;
  /** Factor and unit of the scale; largest value and sum so far. */
  private readonly numbers = new Float64Array(4);

  constructor(places: number) {
    this.places = places;
  }

  get max(): number {
    return this.numbers[2]!;
  }

  get sum(): number {
    return this.numbers[3]!;
  }

  begin(largest: number, smallest: number): void {
    this.exponent = halfExponent(largest, smallest);
    this.before = -1;
    this.numbers.set([2 ** -this.exponent, 2 ** this.exponent, -Infinity, 0]);
  }

  /** The next `count` pairs of a stream, to `out` from `to`; false when a place is none or not behind the one before. */
  encode(stream: RunStream, count: number, out: Uint16Array, to: number): boolean {
    const { words, values } = stream;
    const { places, numbers } = this;
    const factor = numbers[0]!;
    const unit = numbers[1]!;
    let { before } = this;
    let max = numbers[2]!;
    let sum = numbers[3]!;
    const end = stream.at + 2 * count;
    for (let at = stream.at; at < end; at += 2) {
      const place = words[at]!;
      if (place <= before || place >= places) return false;
      before = place;
      const half = scaledHalf(values[at + 1]!, factor);
      const kept = halfValue(half) * unit;
      sum += kept;
      if (kept > max) max = kept;
      out[to] = place & 0xffff;
      out[to + 1] = place >>> 16;
      out[to + 2] = half;
      to += 3;
    }
    stream.at = end;
    this.before = before;
    numbers[2] = max;
    numbers[3] = sum;
    return true;
  }
}

/** Merges runs into one run. */
async function joinRuns(store: ArtifactStore, runs: readonly string[], into: string): Promise<void> {
  await withStreams(store, runs, async (streams) => {
    let pairs = 0;
    async function* records(): AsyncGenerator<Uint8Array> {
      // Two by turns, as above; an even number of words, so that no pair is cut.
      let [out, other] = [new Uint32Array(2 * OUT_PAIRS), new Uint32Array(2 * OUT_PAIRS)];
      let used = 0;
      const merge = new ByLatent(streams);
      while (await merge.next()) {
        if (out.length - used < RECORD_HEADER) {
          yield bytesOf(out.subarray(0, used));
          [out, other, used] = [other, out, 0];
        }
        out[used] = merge.latent;
        out[used + 1] = merge.count;
        new Float32Array(out.buffer, 4 * (used + 2), 2).set([merge.largest, merge.smallest]);
        used += RECORD_HEADER;
        pairs += merge.count;
        for (let part = 0; part < merge.parts; part++) {
          const stream = merge.from[part]!;
          for (let left = 2 * stream.count; left > 0;) {
            if (stream.at === stream.words.length && !(await stream.refill())) throw stream.damaged();
            if (used === out.length) {
              yield bytesOf(out);
              [out, other, used] = [other, out, 0];
            }
            const taken = Math.min(left, stream.words.length - stream.at, out.length - used);
            for (let i = 0; i < taken; i++) out[used + i] = stream.words[stream.at + i]!;
            stream.at += taken;
            used += taken;
            left -= taken;
          }
        }
      }
      yield bytesOf(out.subarray(0, used));
    }
    await writeRun(store, into, records(), () => pairs);
  });
}
