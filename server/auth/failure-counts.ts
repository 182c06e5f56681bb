/** Failures of one key that have not been forgotten. */
export interface Failures {
  count: number;
  /** When the last one was, in ms. */
  last: number;
}

const NONE: Failures = { count: 0, last: 0 };

/**
 * Failures by key in bounded room; a key is forgotten `forgetMs` after its last one. When the room is full the key with
 * fewest makes way, and every key that is not held counts as having as many as the most that ever made way so
 * (the space-saving sketch of Metwally, Agrawal and El Abbadi, 2005): pushing a key out by invented ones can delay it and
 * others, and never gives anybody a fresh start.
 */
export class FailureCounts {
  private readonly held = new Map<string, Failures>();
  private floor: Failures = NONE;
  private readonly capacity: number;
  private readonly forgetMs: number;

  constructor({ capacity, forgetMs }: { capacity: number; forgetMs: number }) {
    this.capacity = capacity;
    this.forgetMs = forgetMs;
  }

  get size(): number {
    return this.held.size;
  }

  of(key: string, now: number): Failures {
    return this.live(this.held.get(key), now) ?? this.live(this.floor, now) ?? NONE;
  }

  add(key: string, now: number): void {
    const { count } = this.of(key, now);
    if (!this.held.has(key) && this.held.size >= this.capacity) this.makeRoom(now);
    this.held.set(key, { count: count + 1, last: now });
  }

  forget(key: string): void {
    this.held.delete(key);
  }

  private live(failures: Failures | undefined, now: number): Failures | null {
    return failures !== undefined && failures.count > 0 && now - failures.last < this.forgetMs ? failures : null;
  }

  private makeRoom(now: number): void {
    let fewest: { key: string; failures: Failures } | null = null;
    for (const [key, failures] of this.held) {
      if (this.live(failures, now) === null) this.held.delete(key);
      else if (fewest === null || failures.count < fewest.failures.count) fewest = { key, failures };
    }
    if (this.held.size < this.capacity || fewest === null) return;
    this.held.delete(fewest.key);
    const before = this.live(this.floor, now) ?? NONE;
    this.floor = { count: Math.max(before.count, fewest.failures.count), last: Math.max(before.last, fewest.failures.last) };
  }
}
