import type { Clock } from '#gpu-worker/llm/clock.ts';

interface Entry<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

export interface GroupedOptions<Item, Result> {
  /** Does the whole group, in one statement; results in the items' order. */
  work: (items: Item[]) => Promise<Result[]>;
  /** How long the first of a group waits for others. */
  delayMs: number;
  /** Most items of a group. */
  most: number;
  clock: Clock;
}

/**
 * Does items in groups: a database statement costs the same for one row as for fifty. One group at a time, so that
 * groups grow when the database is slow instead of piling up on it.
 */
export class Grouped<Item, Result> {
  readonly #options: GroupedOptions<Item, Result>;
  #waiting: Entry<Item, Result>[] = [];
  #running: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;

  constructor(options: GroupedOptions<Item, Result>) {
    this.#options = options;
  }

  /** Rejects with what `work` threw for the group that the item was in. */
  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#running === null) this.#cancelTimer ??= this.#options.clock.after(this.#options.delayMs, () => this.#run());
    });
  }

  /** Resolves when nothing waits and nothing is being done. */
  async idle(): Promise<void> {
    while (this.#waiting.length > 0 || this.#running !== null) {
      if (this.#running === null) this.#run();
      await this.#running;
    }
  }

  #run(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const group = this.#waiting.splice(0, this.#options.most);
    this.#running = this.#settle(group).finally(() => {
      this.#running = null;
      if (this.#waiting.length > 0) this.#cancelTimer = this.#options.clock.after(this.#options.delayMs, () => this.#run());
    });
  }

  async #settle(group: Entry<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#options.work(group.map(({ item }) => item));
      for (const [i, { resolve }] of group.entries()) resolve(results[i] as Result);
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}
