import { clock as realClock, type Clock } from './clock.ts';
import { onAbort } from './on-abort.ts';
import { TokenBucket } from './token-bucket.ts';

export interface RateLimits {
  /** Null: none known. */
  requestsPerMinute: number | null;
  /** Tokens in and out together; null: none known. */
  tokensPerMinute: number | null;
}

export const UNLIMITED: RateLimits = { requestsPerMinute: null, tokensPerMinute: null };

/** How an attempt went, for the limits. */
export type PermitEnd =
  /** Answered; with the tokens it took, where they are known. */
  | { kind: 'answered'; tokens: number | null }
  /** The endpoint had too much to do (429, 503, 529). */
  | { kind: 'overloaded' }
  /** Anything else: it says nothing about the endpoint's load. */
  | { kind: 'other' };

/** Leave for one attempt, to be given back once. */
export interface Permit {
  end(how: PermitEnd): void;
}

interface Waiting {
  tokens: number;
  grant: (permit: Permit) => void;
}

/**
 * Says when the next attempt may begin: at most `slots` at a time, fewer once the endpoint was overloaded (halved at
 * each overload, but once for all attempts that were under way together; one more for every round of answers), within
 * the limits per minute, and not before the time to which the endpoint put us off. First come, first served.
 */
export class RateLimiter {
  readonly #slots: number;
  readonly #clock: Clock;
  readonly #requests: TokenBucket | null;
  readonly #tokens: TokenBucket | null;
  readonly #waiting = new Set<Waiting>();
  #allowed: number;
  #underWay = 0;
  #heldUntil = 0;
  #lastDecrease = -Infinity;
  #cancelTimer: (() => void) | null = null;

  constructor({ slots, limits = UNLIMITED, clock = realClock }: { slots: number; limits?: RateLimits; clock?: Clock }) {
    this.#slots = slots;
    this.#allowed = slots;
    this.#clock = clock;
    this.#requests = limits.requestsPerMinute === null ? null : new TokenBucket(limits.requestsPerMinute, clock.now());
    this.#tokens = limits.tokensPerMinute === null ? null : new TokenBucket(limits.tokensPerMinute, clock.now());
  }

  /** Attempts that may be under way at once just now, from 1 to `slots`. */
  get allowed(): number {
    return Math.max(1, Math.floor(this.#allowed));
  }

  /** Attempts under way. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Leave for an attempt of about so many tokens. Rejects with the signal's reason when that aborts first. */
  async acquire(tokens: number, signal?: AbortSignal): Promise<Permit> {
    signal?.throwIfAborted();
    return new Promise<Permit>((resolve, reject) => {
      const waiting: Waiting = {
        tokens,
        grant(permit) {
          callOff();
          resolve(permit);
        },
      };
      const callOff = onAbort(signal, () => {
        this.#waiting.delete(waiting);
        reject(signal?.reason as Error);
        this.#grantNext();
      });
      this.#waiting.add(waiting);
      this.#grantNext();
    });
  }

  /** Lets nothing begin for so many milliseconds from now. */
  hold(ms: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, this.#clock.now() + ms);
  }

  #grantNext(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    for (const waiting of this.#waiting) {
      if (this.#underWay >= this.allowed) return;
      const now = this.#clock.now();
      const wait = Math.max(this.#heldUntil - now, this.#requests?.wait(1, now) ?? 0, this.#tokens?.wait(waiting.tokens, now) ?? 0);
      if (wait > 0) {
        this.#cancelTimer = this.#clock.after(Math.ceil(wait), () => this.#grantNext());
        return;
      }
      this.#waiting.delete(waiting);
      this.#requests?.take(1, now);
      this.#tokens?.take(waiting.tokens, now);
      this.#underWay += 1;
      waiting.grant(this.#permit(waiting.tokens, now));
    }
  }

  #permit(tokens: number, began: number): Permit {
    let ended = false;
    return {
      end: (how) => {
        if (ended) return;
        ended = true;
        this.#underWay -= 1;
        const now = this.#clock.now();
        if (how.kind === 'answered') {
          this.#allowed = Math.min(this.#slots, this.#allowed + 1 / this.#allowed);
          if (how.tokens !== null) this.#tokens?.correct(tokens - how.tokens, now);
        } else if (how.kind === 'overloaded') {
          this.#tokens?.correct(tokens, now);
          if (began > this.#lastDecrease) {
            this.#allowed = Math.max(1, this.#allowed / 2);
            this.#lastDecrease = now;
          }
        }
        this.#grantNext();
      },
    };
  }
}
