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

/**
 * Takes (latent, place, value) in any number and hands them on in sorted runs of at most `capacity` pairs; memory is
 * 20 bytes a pair of the capacity and 32 a latent, whatever comes. While a run is written the next is filled.
 */
export class Spill {
  private readonly latent: Uint32Array;
  private readonly place: Uint32Array;
  private readonly value: Float32Array;
  private readonly valueBits: Uint32Array;
  private readonly next: Uint32Array;
  private readonly largest: Float32Array;
  private readonly smallest: Float32Array;
  private readonly words: Uint32Array;
  private readonly largestBits: Uint32Array;
  private readonly smallestBits: Uint32Array;
  private readonly write: WriteRun;
  private held = 0;
  private writing: Promise<void> = Promise.resolve();
  private readonly totals: SpillTotals = { pairs: 0, sum: 0 };

  constructor(width: number, capacity: number, write: WriteRun) {
    this.latent = new Uint32Array(capacity);
    this.place = new Uint32Array(capacity);
    this.value = new Float32Array(capacity);
    this.valueBits = new Uint32Array(this.value.buffer);
    this.next = new Uint32Array(width);
    this.largest = new Float32Array(width);
    this.smallest = new Float32Array(width);
    this.largestBits = new Uint32Array(this.largest.buffer);
    this.smallestBits = new Uint32Array(this.smallest.buffer);
    this.words = new Uint32Array(2 * capacity + RECORD_HEADER * Math.min(width, capacity));
    this.write = write;
  }

  /** Pairs that can be pushed before the next `spill`. */
  get free(): number {
    return this.latent.length - this.held;
  }

  /** Places of one latent must come in ascending order; `free` must be above 0. */
  push(latent: number, place: number, value: number): void {
    const at = this.held;
    this.latent[at] = latent;
    this.place[at] = place;
    this.value[at] = value;
    this.held = at + 1;
  }

  /** Sorts what is held and has it written; resolves when there is room again, which is before it is written. */
  async spill(): Promise<void> {
    if (this.held === 0) return;
    // The words of the run before are still being read from.
    await this.writing;
    const pairs = this.held;
    const used = this.sort();
    this.held = 0;
    this.writing = this.write(bytesOf(this.words.subarray(0, used)), pairs);
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

  /** A counting sort, stable; returns the number of words. Throws AppError for what cannot be stored. */
  private sort(): number {
    const { latent, place, value, valueBits, next, largest, smallest, words, held } = this;
    const width = next.length;
    next.fill(0);
    largest.fill(0);
    smallest.fill(Infinity);
    let sum = 0;
    for (let i = 0; i < held; i++) {
      const l = latent[i]!;
      const v = value[i]!;
      const magnitude = Math.abs(v);
      if (l >= width) throw new AppError('corrupt_file', `A pair names latent ${l} of a coder of ${width} latents.`);
      if (!(magnitude < Infinity)) throw new AppError('corrupt_file', `Latent ${l} has an activation that is not a finite number: the weights are damaged.`);
      next[l]!++;
      if (magnitude > largest[l]!) largest[l] = magnitude;
      if (magnitude < smallest[l]! && magnitude > 0) smallest[l] = magnitude;
      sum += v;
    }
    let used = 0;
    for (let l = 0; l < width; l++) {
      const count = next[l]!;
      if (count === 0) continue;
      words[used] = l;
      words[used + 1] = count;
      words[used + 2] = this.largestBits[l]!;
      words[used + 3] = this.smallestBits[l]!;
      next[l] = used + RECORD_HEADER;
      used += RECORD_HEADER + 2 * count;
    }
    for (let i = 0; i < held; i++) {
      const at = next[latent[i]!]!;
      words[at] = place[i]!;
      words[at + 1] = valueBits[i]!;
      next[latent[i]!] = at + 2;
    }
    this.totals.pairs += held;
    this.totals.sum += sum;
    return used;
  }
}
