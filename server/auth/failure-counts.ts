interface Held {
  /** Not fewer than there were. */
  count: number;
  /** What of it came from the floor when the key was let in: there may have been as many fewer. */
  borrowed: number;
  /** When the last one was, in ms, and the one before it. */
  last: number;
  before: number;
}

/** Failures of one key that have not been forgotten. */
export interface Failures {
  count: number;
  /** When the last one was, in ms. */
  last: number;
}

const NONE: Failures = { count: 0, last: 0 };

/**
 * Failures by key in bounded room; a key is forgotten `forgetMs` after its last one. When the room is full the key with
 * fewest makes way, and a key that is not held may have had as many as the most that ever made way so (the space-saving
 * sketch of Metwally, Agrawal and El Abbadi, 2005). So there are two answers about a key: pushing it out by invented ones
 * never gives it a fresh start in `atMost`, and never puts anything on anybody in `atLeast`.
 */
export class FailureCounts {
  private readonly held = new Map<string, Held>();
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

  /** Not fewer than there were: others' floods can raise it, for a key that was never seen too. */
  atMost(key: string, now: number): number {
    return (this.live(this.held.get(key), now) ?? this.live(this.floor, now) ?? NONE).count;
  }

  /** Those that are certain: not more than there were, whatever others did. */
  atLeast(key: string, now: number): Failures {
    const held = this.live(this.held.get(key), now);
    return held === null ? NONE : { count: held.count - held.borrowed, last: held.last };
  }

  add(key: string, now: number): void {
    const held = this.live(this.held.get(key), now);
    if (held !== null) {
      this.held.set(key, { ...held, count: held.count + 1, last: now, before: held.last });
      return;
    }
    if (!this.held.has(key) && this.held.size >= this.capacity) this.makeRoom(now);
    const borrowed = this.live(this.floor, now)?.count ?? 0;
    this.held.set(key, { count: borrowed + 1, borrowed, last: now, before: this.floor.last });
  }

  /** Undoes one `add`: it was no failure. What made way meanwhile stays in the floor, where it can only delay. */
  takeBack(key: string): void {
    const held = this.held.get(key);
    if (held === undefined) return;
    const count = held.count - 1;
    if (count <= 0) this.held.delete(key);
    else this.held.set(key, { count, borrowed: Math.min(held.borrowed, count), last: held.before, before: held.before });
  }

  forget(key: string): void {
    this.held.delete(key);
  }

  private live<Kind extends Failures>(failures: Kind | undefined, now: number): Kind | null {
    return failures !== undefined && failures.count > 0 && now - failures.last < this.forgetMs ? failures : null;
  }

  private makeRoom(now: number): void {
    let fewest: { key: string; failures: Held } | null = null;
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
