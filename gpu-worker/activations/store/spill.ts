import { AppError } from '#lib/errors/app-error.ts';
import { bytesOf } from './checked-file.ts';

/** Words before a record's pairs: latent, count, largest and smallest magnitude that is not 0 (the bits of a single). */
export const RECORD_HEADER = 4;

/**
 * A run: pairs sorted by latent and, within a latent, in the order they came. Words (u32), a record a latent: its header,
 * then place and the value's bits for each pair.
 */
export type WriteRun = (words: Uint8Array, pairs: number) => Promise<void>;

export interface SpillTotals {
  pairs: number;
  /** Sum of the values. */
  sum: number;
}

/** Latents of a bucket: its tables, and its pairs where latents are many, stay in a core's own cache. */
const BUCKET_BITS = 9;
const BUCKET = 1 << BUCKET_BITS;
/** Words of a pair on its way through the sort: latent, place, the value's bits. */
const HELD_WORDS = 3;

/**
 * Takes (latent, place, value) in any number and hands them on in sorted runs of at most `capacity` pairs; memory is
 * 32 bytes a pair of the capacity and 16 a latent, whatever comes. While a run is written the next is filled.
 */
export class Spill {
  private readonly width: number;
  private readonly held: Uint32Array;
  private readonly heldValues: Float32Array;
  private readonly bucketed: Uint32Array;
  private readonly words: Uint32Array;
  private readonly values: Float32Array;
  private readonly bucketEnd: Uint32Array;
  private readonly write: WriteRun;
  private readonly limit: number;
  private used = 0;
  private writing: Promise<void> = Promise.resolve();
  private readonly totals: SpillTotals = { pairs: 0, sum: 0 };

  constructor(width: number, capacity: number, write: WriteRun) {
    this.width = width;
    this.limit = HELD_WORDS * capacity;
    this.held = new Uint32Array(HELD_WORDS * capacity);
    this.heldValues = new Float32Array(this.held.buffer);
    this.bucketed = new Uint32Array(HELD_WORDS * capacity);
    this.words = new Uint32Array(2 * capacity + RECORD_HEADER * Math.min(width, capacity));
    this.values = new Float32Array(this.words.buffer);
    this.bucketEnd = new Uint32Array(Math.ceil(width / BUCKET));
    this.write = write;
  }

  /** Whether `spill` must come before the next `push`. */
  get isFull(): boolean {
    return this.used === this.limit;
  }

  get isEmpty(): boolean {
    return this.used === 0;
  }

  /** Places of one latent must come in ascending order; never when full. */
  push(latent: number, place: number, value: number): void {
    const at = this.used;
    this.held[at] = latent;
    this.held[at + 1] = place;
    this.heldValues[at + 2] = value;
    this.used = at + HELD_WORDS;
  }

  /** Sorts what is held and has it written; resolves when there is room again, which is before it is written. */
  async spill(): Promise<void> {
    if (this.used === 0) return;
    // The words of the run before are still being read from.
    await this.writing;
    const pairs = this.used / HELD_WORDS;
    this.fillBuckets();
    const words = this.sortBuckets();
    this.totals.pairs += pairs;
    this.used = 0;
    this.writing = this.write(bytesOf(this.words.subarray(0, words)), pairs);
    // Thrown where the next spill or the end waits for it; until then it must not count as unhandled.
    this.writing.catch(() => undefined);
  }

  /** Writes the rest. The spill can be filled anew afterwards, its totals from 0. */
  async finish(): Promise<SpillTotals> {
    await this.spill();
    await this.writing;
    const totals = { ...this.totals };
    this.totals.pairs = this.totals.sum = 0;
    return totals;
  }

  /**
   * A counting sort in two steps, each stable, by the upper and the lower bits of the latent: one step over 131,072
   * latents misses the cache at every pair, which takes three times as long.
   */
  private fillBuckets(): void {
    const { held, used, bucketed, bucketEnd, width } = this;
    bucketEnd.fill(0);
    for (let at = 0; at < used; at += HELD_WORDS) {
      const latent = held[at]!;
      if (latent >= width) throw new AppError('corrupt_file', `A pair names latent ${latent} of a coder of ${width} latents.`);
      bucketEnd[latent >>> BUCKET_BITS]!++;
    }
    let begin = 0;
    for (let bucket = 0; bucket < bucketEnd.length; bucket++) {
      const count = bucketEnd[bucket]!;
      bucketEnd[bucket] = begin;
      begin += HELD_WORDS * count;
    }
    for (let at = 0; at < used; at += HELD_WORDS) {
      const latent = held[at]!;
      const to = bucketEnd[latent >>> BUCKET_BITS]!;
      bucketEnd[latent >>> BUCKET_BITS] = to + HELD_WORDS;
      bucketed[to] = latent;
      bucketed[to + 1] = held[at + 1]!;
      bucketed[to + 2] = held[at + 2]!;
    }
  }

  /** Lays out the records of one bucket after another; returns the number of words. */
  private sortBuckets(): number {
    const { bucketed, bucketEnd, words } = this;
    const next = new Uint32Array(BUCKET);
    let [begin, used] = [0, 0];
    for (let bucket = 0; bucket < bucketEnd.length; bucket++) {
      const end = bucketEnd[bucket]!;
      const first = used;
      next.fill(0);
      for (let at = begin; at < end; at += HELD_WORDS) next[bucketed[at]! & (BUCKET - 1)]!++;
      for (let low = 0; low < BUCKET; low++) {
        const count = next[low]!;
        if (count === 0) continue;
        words[used] = bucket * BUCKET + low;
        words[used + 1] = count;
        next[low] = used + RECORD_HEADER;
        used += RECORD_HEADER + 2 * count;
      }
      for (let at = begin; at < end; at += HELD_WORDS) {
        const low = bucketed[at]! & (BUCKET - 1);
        const to = next[low]!;
        words[to] = bucketed[at + 1]!;
        words[to + 1] = bucketed[at + 2]!;
        next[low] = to + 2;
      }
      this.describe(first, used);
      begin = end;
    }
    return used;
  }

  /** Writes the magnitudes of the records between two words into their headers, and sums up. */
  private describe(from: number, to: number): void {
    const { words, values } = this;
    let sum = 0;
    while (from < to) {
      const end = from + RECORD_HEADER + 2 * words[from + 1]!;
      let [largest, smallest] = [0, Infinity];
      for (let at = from + RECORD_HEADER + 1; at < end; at += 2) {
        const value = values[at]!;
        const magnitude = Math.abs(value);
        if (!(magnitude < Infinity))
          throw new AppError('corrupt_file', `Latent ${words[from]} has an activation that is not a finite number: the weights are damaged.`);
        if (magnitude > largest) largest = magnitude;
        if (magnitude < smallest && magnitude > 0) smallest = magnitude;
        sum += value;
      }
      values[from + 2] = largest;
      values[from + 3] = smallest;
      from = end;
    }
    this.totals.sum += sum;
  }
}
