import { onAbort } from './on-abort.ts';

/** At most `size` holders at a time; the others wait in order of arrival. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(size: number) {
    this.#free = size;
  }

  /** Runs `work` in a slot. Rejects with the signal's reason when it aborts before one is free. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#take(signal);
    try {
      return await work();
    } finally {
      this.#give();
    }
  }

  async #take(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const grant = (): void => {
        callOff();
        resolve();
      };
      const callOff = onAbort(signal, () => {
        this.#waiting.delete(grant);
        reject(signal?.reason as Error);
      });
      this.#waiting.add(grant);
    });
  }

  #give(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
    } else {
      // The slot is handed over, never put back: a newcomer cannot overtake those who wait.
      this.#waiting.delete(next);
      next();
    }
  }
}
