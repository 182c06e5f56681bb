/**
 * A limit per minute as a bucket that fills at an even pace. It holds one second's worth and fills a little slower than
 * the limit, so that no 60 seconds, wherever they begin, see more than the limit; a cost larger than the bucket is
 * granted when it is full, and what it takes too much is waited for by those after it.
 */
export class TokenBucket {
  readonly #capacity: number;
  /** Per millisecond. */
  readonly #rate: number;
  #level: number;
  #at: number;

  /** @param perMinute > 0 */
  constructor(perMinute: number, now: number) {
    this.#capacity = Math.max(1, perMinute / 60);
    // A limit of one a minute leaves nothing for the pace beside the bucket: then a full bucket takes its minute.
    this.#rate = Math.max(perMinute - this.#capacity, perMinute / 2) / 60_000;
    this.#level = this.#capacity;
    this.#at = now;
  }

  /** Milliseconds until `cost` may be taken; 0: now. */
  wait(cost: number, now: number): number {
    this.#fill(now);
    const missing = Math.min(cost, this.#capacity) - this.#level;
    // What rounding leaves open is not worth a timer that fires too early.
    return missing <= 1e-9 ? 0 : missing / this.#rate;
  }

  take(cost: number, now: number): void {
    this.#fill(now);
    this.#level -= cost;
  }

  /** Gives back what was taken too much, or takes what was taken too little. */
  correct(amount: number, now: number): void {
    this.#fill(now);
    this.#level = Math.min(this.#capacity, this.#level + amount);
  }

  #fill(now: number): void {
    this.#level = Math.min(this.#capacity, this.#level + (now - this.#at) * this.#rate);
    this.#at = now;
  }
}
