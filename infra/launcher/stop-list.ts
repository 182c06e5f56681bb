import { AppError } from '#lib/errors/app-error.ts';
import type { Log } from '#platform/log/log.ts';

/** What was started registers here how it is stopped; stopping runs the list backwards, once. */
export class StopList {
  readonly #log: Log;
  readonly #stops: { name: string; stop: () => Promise<void> | void }[] = [];
  #stopping: Promise<void> | null = null;

  constructor(log: Log) {
    this.#log = log;
  }

  get stopping(): boolean {
    return this.#stopping !== null;
  }

  /** Throws AppError `cancelled` once stopping has begun, after stopping what came too late: starting ends there. */
  add(name: string, stop: () => Promise<void> | void): void {
    this.#stops.push({ name, stop });
    if (this.#stopping === null) return;
    this.#stopping = this.#stopping.then(() => this.#run());
    throw new AppError('cancelled', 'Stopped while starting.');
  }

  /** Resolves when everything is stopped. A stop that fails is logged and the rest still runs. */
  async stop(): Promise<void> {
    let seen: Promise<void> | null = null;
    this.#stopping ??= this.#run();
    while (seen !== this.#stopping) {
      seen = this.#stopping;
      await seen;
    }
  }

  async #run(): Promise<void> {
    for (let entry = this.#stops.pop(); entry; entry = this.#stops.pop()) {
      try {
        await entry.stop();
      } catch (error) {
        this.#log.error({ event: 'stop_failed', part: entry.name, error });
      }
    }
  }
}
