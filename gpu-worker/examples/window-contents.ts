import { AppError } from '#lib/errors/app-error.ts';
import type { Origin } from './windows.ts';

const EMPTY = 0;

/**
 * Tells windows of one length by their tokens: equal tokens, equal id. Exact: a hash only says where to look, and tokens
 * are compared. Four to eight bytes a window seen.
 */
export class WindowContents {
  private readonly tokens: Int32Array;
  private readonly length: number;
  /** Origin + 1 of the first window seen of each content; 2³² places and one more need a double. */
  private slots = new Float64Array(1024);
  private used = 0;

  constructor(tokens: Int32Array, length: number) {
    this.tokens = tokens;
    this.length = length;
  }

  /** Origin of the first window asked for that holds these tokens: its own when it is the first. */
  firstLike(origin: Origin): Origin {
    if (origin + this.length > this.tokens.length) throw new AppError('internal', 'A window ends behind the last row.');
    if (2 * this.used >= this.slots.length) this.grow();
    const slot = this.slotOf(origin);
    if (this.slots[slot] === EMPTY) {
      this.slots[slot] = origin + 1;
      this.used++;
    }
    return this.slots[slot]! - 1;
  }

  private slotOf(origin: Origin): number {
    const mask = this.slots.length - 1;
    for (let slot = this.hash(origin) & mask; ; slot = (slot + 1) & mask) {
      const held = this.slots[slot]!;
      if (held === EMPTY || this.isEqual(held - 1, origin)) return slot;
    }
  }

  private isEqual(a: Origin, b: Origin): boolean {
    for (let i = 0; i < this.length; i++) if (this.tokens[a + i] !== this.tokens[b + i]) return false;
    return true;
  }

  /** Murmur's mixing of 32-bit words. */
  private hash(origin: Origin): number {
    let h = this.length;
    for (let i = 0; i < this.length; i++) {
      const k = Math.imul(this.tokens[origin + i]!, 0xcc9e2d51);
      h ^= Math.imul((k << 15) | (k >>> 17), 0x1b873593);
      h = Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64;
    }
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    return Math.imul(h ^ (h >>> 13), 0xc2b2ae35) >>> 0;
  }

  private grow(): void {
    const before = this.slots;
    this.slots = new Float64Array(2 * before.length);
    for (const held of before) if (held !== EMPTY) this.slots[this.slotOf(held - 1)] = held;
  }
}
