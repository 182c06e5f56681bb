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
/** A bucket's pairs lie in chunks of 512 words: 170 pairs, then where its next chunk begins. */
const CHUNK_WORDS = 512;
const CHUNK_PAIRS = Math.floor((CHUNK_WORDS - 1) / HELD_WORDS);
const LINK = CHUNK_PAIRS * HELD_WORDS;
/** Stands where a full chunk would, so that a bucket's first pair opens one. */
const NO_CHUNK = 0xffff_fe00 + LINK;

/** One of two that are filled in turns. */
interface RunBuffer {
  words: Uint32Array;
  values: Float32Array;
  /** Its last run on its way out. */
  written: Promise<void>;
}

/**
 * Takes (latent, place, value) in any number and hands them on in sorted runs of at most `capacity` pairs; memory is
 * 28 bytes a pair of the capacity and 36 a latent, whatever comes. While a run is written the next is filled and sorted.
 *
 * A counting sort in two steps, each stable, by the upper and the lower bits of the latent: one step over 131,072
 * latents misses the cache at every pair, which takes three times as long. The first step is taken as pairs come.
 */
export class Spill {
  private readonly width: number;
  private readonly capacity: number;
  private readonly held: Uint32Array;
  private readonly heldValues: Float32Array;
  /** Where each bucket begins, and where its next pair goes. */
  private readonly first: Uint32Array;
  private readonly end: Uint32Array;
  private readonly next = new Uint32Array(BUCKET);
  private readonly buffers: [RunBuffer, RunBuffer];
  private readonly write: WriteRun;
  private chunks = 0;
  private pairs = 0;
  private readonly totals: SpillTotals = { pairs: 0, sum: 0 };

  constructor(width: number, capacity: number, write: WriteRun) {
    this.width = width;
    this.capacity = capacity;
    const buckets = Math.ceil(width / BUCKET);
    // Each bucket may leave one chunk unfilled.
    const chunks = Math.min(capacity, Math.floor(capacity / CHUNK_PAIRS) + buckets);
    this.held = new Uint32Array(CHUNK_WORDS * chunks);
    this.heldValues = new Float32Array(this.held.buffer);
    this.first = new Uint32Array(buckets);
    this.end = new Uint32Array(buckets).fill(NO_CHUNK);
    const words = 2 * capacity + RECORD_HEADER * Math.min(width, capacity);
    this.buffers = [newBuffer(words), newBuffer(words)];
    this.write = write;
  }

  /** Whether `spill` must come before the next `push`. */
  get isFull(): boolean {
    return this.pairs === this.capacity;
  }

  get isEmpty(): boolean {
    return this.pairs === 0;
  }

  /** Places of one latent must come in ascending order; never when full. */
  push(latent: number, place: number, value: number): void {
    const to = this.placeOf(latent);
    this.held[to] = latent;
    this.held[to + 1] = place;
    this.heldValues[to + 2] = value;
    this.pairs++;
  }

  /**
   * Takes the positive ones of values [from, to), each of the latent at the same index, at one place. Stops when it is
   * full; returns the index from which to go on after `spill`, which is `to` when all were taken.
   */
  pushPositive(latents: Int32Array, values: Float32Array, from: number, to: number, place: number): number {
    const { held, heldValues, end, width } = this;
    let room = this.capacity - this.pairs;
    let i = from;
    for (; i < to; i++) {
      const value = values[i]!;
      if (!(value > 0)) continue;
      if (room === 0) break;
      const latent = latents[i]!;
      const bucket = latent >>> BUCKET_BITS;
      let at = latent >>> 0 < width ? end[bucket]! : NO_CHUNK;
      if ((at & (CHUNK_WORDS - 1)) === LINK) at = this.placeOf(latent);
      else end[bucket] = at + HELD_WORDS;
      held[at] = latent;
      held[at + 1] = place;
      heldValues[at + 2] = value;
      room--;
    }
    this.pairs = this.capacity - room;
    return i;
  }

  /** Sorts what is held and has it written; resolves when there is room again, which is before it is written. */
  async spill(): Promise<void> {
    if (this.pairs === 0) return;
    const [buffer] = this.buffers;
    this.buffers.reverse();
    // Its words may still be read from: the run before the last.
    await buffer.written;
    const pairs = this.pairs;
    const words = this.sort(buffer);
    this.totals.pairs += pairs;
    this.pairs = this.chunks = 0;
    this.end.fill(NO_CHUNK);
    buffer.written = this.write(bytesOf(buffer.words.subarray(0, words)), pairs);
    // Thrown where it is waited for; until then it must not count as unhandled.
    buffer.written.catch(() => undefined);
  }

  /** Writes the rest. The spill can be filled anew afterwards, its totals from 0. */
  async finish(): Promise<SpillTotals> {
    await this.spill();
    // Both, whichever fails, so that nothing is still being written when this has thrown.
    for (const result of await Promise.allSettled(this.buffers.map(({ written }) => written))) if (result.status === 'rejected') throw result.reason;
    const totals = { ...this.totals };
    this.totals.pairs = this.totals.sum = 0;
    return totals;
  }

  /** Makes room for one more pair of a latent, in a new chunk where the last is full; returns where. */
  private placeOf(latent: number): number {
    if (!(latent >= 0 && latent < this.width)) throw new AppError('corrupt_file', `A pair names latent ${latent} of a coder of ${this.width} latents.`);
    const bucket = latent >>> BUCKET_BITS;
    let at = this.end[bucket]!;
    if ((at & (CHUNK_WORDS - 1)) === LINK) {
      const begin = CHUNK_WORDS * this.chunks++;
      if (at === NO_CHUNK) this.first[bucket] = begin;
      else this.held[at] = begin;
      at = begin;
    }
    this.end[bucket] = at + HELD_WORDS;
    return at;
  }

  /** Lays out the records of one bucket after another; returns the number of words. */
  private sort(buffer: RunBuffer): number {
    const { end, next } = this;
    const { words } = buffer;
    let used = 0;
    for (let bucket = 0; bucket < end.length; bucket++) {
      if (end[bucket] === NO_CHUNK) continue;
      const first = used;
      this.count(bucket);
      for (let low = 0; low < BUCKET; low++) {
        const count = next[low]!;
        if (count === 0) continue;
        words[used] = bucket * BUCKET + low;
        words[used + 1] = count;
        next[low] = used + RECORD_HEADER;
        used += RECORD_HEADER + 2 * count;
      }
      this.scatter(bucket, words);
      this.describe(buffer, first, used);
    }
    return used;
  }

  /** The pairs of each latent of a bucket, into `next`. */
  private count(bucket: number): void {
    const { held, next } = this;
    const last = this.end[bucket]!;
    next.fill(0);
    for (let chunk = this.first[bucket]!; ; chunk = held[chunk + LINK]!) {
      const to = chunkEnd(chunk, last);
      for (let at = chunk; at < to; at += HELD_WORDS) next[held[at]! & (BUCKET - 1)]!++;
      if (to === last) return;
    }
  }

  /** The pairs of a bucket to where `next` says. */
  private scatter(bucket: number, words: Uint32Array): void {
    const { held, next } = this;
    const last = this.end[bucket]!;
    for (let chunk = this.first[bucket]!; ; chunk = held[chunk + LINK]!) {
      const end = chunkEnd(chunk, last);
      for (let at = chunk; at < end; at += HELD_WORDS) {
        const low = held[at]! & (BUCKET - 1);
        const to = next[low]!;
        words[to] = held[at + 1]!;
        words[to + 1] = held[at + 2]!;
        next[low] = to + 2;
      }
      if (end === last) return;
    }
  }

  /** Writes the magnitudes of the records between two words into their headers, and sums up. */
  private describe({ words, values }: RunBuffer, from: number, to: number): void {
    let sum = 0;
    while (from < to) {
      const end = from + RECORD_HEADER + 2 * words[from + 1]!;
      let largest = 0;
      let smallest = Infinity;
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

/** Where the pairs of a chunk end, `last` being where those of its bucket do. */
function chunkEnd(chunk: number, last: number): number {
  return last - chunk > LINK || last < chunk ? chunk + LINK : last;
}

function newBuffer(length: number): RunBuffer {
  const words = new Uint32Array(length);
  return { words, values: new Float32Array(words.buffer), written: Promise.resolve() };
}
