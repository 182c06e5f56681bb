import { AppError } from '#lib/errors/app-error.ts';
import { callFailure, describeFailure, isOverload, isTransient, settingAtFault, type CallFailure, type EndpointSettings } from './call-failure.ts';
import type { Clock } from './clock.ts';
import { onAbort } from './on-abort.ts';
import { holdAskedFor } from './rate-headers.ts';
import { RateLimiter, type RateLimits } from './rate-limiter.ts';
import { LONGEST_WAIT_MS, MAX_ATTEMPTS, retryAfter, retryWait, sleep as realSleep, type Sleep } from './retry.ts';

/** A key, or where to ask for it before a call: one that was changed in the database is used without a restart. */
export type KeySource = string | null | (() => Promise<string | null>);

export interface EndpointOptions {
  /** The API's base, e.g. `http://localhost:11434/v1`. */
  baseUrl: string;
  /** Null: none is sent, as local servers have it. */
  apiKey: KeySource;
  model: string;
  /** Calls at once. */
  slots?: number;
  limits?: RateLimits;
  /** Longest time for one attempt, to the answer's last byte. */
  timeoutMs?: number;
  sleep?: Sleep;
  random?: () => number;
  clock?: Clock;
  /** Shared by clients of one account, so that together they keep to its limits; else `slots` and `limits` make one. */
  limiter?: RateLimiter;
  /** Which settings name the endpoint, for messages. */
  settings?: EndpointSettings;
}

/** Eight keep a hosted endpoint busy without tripping the limits of a new account. */
export const DEFAULT_SLOTS = 8;
/** A 70B model on a laptop needs this for 500 tokens; two attempts of it fit a job many times over. */
export const DEFAULT_TIMEOUT_MS = 120_000;
/** A hang has cost its whole time-out already; six would take as long as a job may. */
const MAX_TIMED_OUT_ATTEMPTS = 2;
const MAX_DETAIL_CHARACTERS = 200;

/** What holds an endpoint's calls to its slots and limits. */
export function rateLimiterOf({ slots = DEFAULT_SLOTS, limits, clock }: Pick<EndpointOptions, 'slots' | 'limits' | 'clock'>): RateLimiter {
  return new RateLimiter({ slots, ...(limits && { limits }), ...(clock && { clock }) });
}

/** What one HTTP request came to. */
export type Outcome<Reply> = { reply: Reply; headers: Pick<Headers, 'get'> | undefined; tokens: number | null } | { failure: CallFailure };

/** How an API is spoken: what is sent depends on what the endpoint was found to refuse. */
export interface Speech<Request, Reply, Dialect> {
  /** Sends one request and reads the answer; may throw what the package throws. */
  send(request: Request, dialect: Dialect, key: string | null, signal: AbortSignal): Promise<Outcome<Reply>>;
  full: Dialect;
  /** What to try next after a refusal; null: nothing is left to do without. */
  simpler(dialect: Dialect, failure: CallFailure, request: Request): Dialect | null;
  /** What is known of the endpoint once `used` was understood. */
  learn(known: Dialect, used: Dialect): Dialect;
}

/**
 * What an endpoint is called in keys and in words: its host, and its path unless that is the usual `/v1`, since a gateway
 * serves other models under another. Never its credentials or query.
 */
export function endpointName(baseUrl: string): string {
  const { host, pathname } = new URL(baseUrl);
  const path = pathname.replace(/\/+$/, '');
  return path === '' || path === '/v1' ? host : host + path;
}

/**
 * Calls to one endpoint with everything they share whatever its API: slots and limits, attempts with waits between
 * them, time-outs that run to the last byte, dialects learnt from refusals, and errors in words that never hold the key.
 */
export class EndpointCalls<Request extends { signal?: AbortSignal }, Reply, Dialect> {
  readonly model: string;
  /** What `endpointName` says of it. */
  readonly endpoint: string;
  readonly slots: number;
  readonly limiter: RateLimiter;
  readonly #speech: Speech<Request, Reply, Dialect>;
  readonly #key: KeySource;
  readonly #settings: EndpointSettings;
  readonly #timeoutMs: number;
  readonly #sleep: Sleep;
  readonly #random: () => number;
  /** Learnt from refusals, so that only the first calls pay for finding out. */
  #dialect: Dialect;

  constructor(options: EndpointOptions, speech: Speech<Request, Reply, Dialect>) {
    this.model = options.model;
    this.endpoint = endpointName(options.baseUrl);
    this.slots = options.slots ?? DEFAULT_SLOTS;
    this.limiter = options.limiter ?? rateLimiterOf(options);
    this.#settings = options.settings ?? 'LLM';
    this.#speech = speech;
    this.#key = options.apiKey;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#sleep = options.sleep ?? realSleep;
    this.#random = options.random ?? Math.random;
    this.#dialect = speech.full;
  }

  /**
   * @param tokens about what the call takes, for the limit per minute
   * @throws AppError as `ChatClient.chat` does
   */
  async call(request: Request, tokens: number): Promise<Reply & { durationMs: number }> {
    const { signal } = request;
    try {
      return await this.#answer(request, tokens);
    } catch (error) {
      if (signal?.aborted) throw new AppError('cancelled', 'The call to the language model was stopped.', { retryable: true, cause: signal.reason });
      throw error;
    }
  }

  async #answer(request: Request, tokens: number): Promise<Reply & { durationMs: number }> {
    let began: number | null = null;
    let dialect = this.#dialect;
    for (let attempt = 1; ;) {
      const permit = await this.limiter.acquire(tokens, request.signal);
      began ??= performance.now();
      let outcome: Outcome<Reply>;
      let key: string | null = null;
      try {
        key = typeof this.#key === 'function' ? await this.#key() : this.#key;
        outcome = await this.#attempt(request, dialect, key);
      } catch (error) {
        permit.end({ kind: 'other' });
        throw error;
      }
      if ('reply' in outcome) {
        if (outcome.headers) this.#hold(holdAskedFor(outcome.headers, tokens, Date.now()));
        permit.end({ kind: 'answered', tokens: outcome.tokens });
        this.#dialect = this.#speech.learn(this.#dialect, dialect);
        return { ...outcome.reply, durationMs: Math.round(performance.now() - began) };
      }
      const { failure } = outcome;
      const simpler = this.#speech.simpler(dialect, failure, request);
      const mayTryAgain = isTransient(failure) && attempt < (failure.kind === 'timeout' ? MAX_TIMED_OUT_ATTEMPTS : MAX_ATTEMPTS);
      const wait = mayTryAgain ? retryWait(attempt, failure.headers, this.#random(), Date.now()) : null;
      if (isOverload(failure)) {
        // What the endpoint asks of this call it asks of all.
        this.#hold(retryAfter(failure.headers, Date.now()) ?? 0);
        permit.end({ kind: 'overloaded' });
      } else {
        permit.end({ kind: 'other' });
      }
      if (simpler !== null) {
        dialect = simpler;
        continue;
      }
      if (wait === null) throw this.#error(failure, attempt, key);
      await this.#sleep(wait, request.signal);
      attempt += 1;
    }
  }

  #hold(ms: number): void {
    // A header that asks for more is not believed, or meant for a person.
    if (ms > 0) this.limiter.hold(Math.min(ms, LONGEST_WAIT_MS));
  }

  /** One HTTP request; its clock runs until the last byte of the body. */
  async #attempt(request: Request, dialect: Dialect, key: string | null): Promise<Outcome<Reply>> {
    const { signal } = request;
    signal?.throwIfAborted();
    const controller = new AbortController();
    const stop = (): void => controller.abort();
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      stop();
    }, this.#timeoutMs);
    const callOff = onAbort(signal, stop);
    try {
      return await this.#speech.send(request, dialect, key, controller.signal);
    } catch (error) {
      signal?.throwIfAborted();
      return { failure: callFailure(error, timedOut) };
    } finally {
      clearTimeout(timer);
      callOff();
    }
  }

  /** The package's own error is not passed on as the cause: it may quote the key, and logs print causes. */
  #error(failure: CallFailure, attempts: number, key: string | null): AppError {
    const detail = key === null || key === '' ? failure.detail : failure.detail.replaceAll(key, '[key]');
    const said = detail.replace(/\s+/g, ' ').slice(0, MAX_DETAIL_CHARACTERS);
    const what = describeFailure(failure, attempts, this.#timeoutMs, this.#settings);
    const field = settingAtFault(failure, this.#settings);
    return new AppError('upstream_failed', `The language model ${this.model} at ${this.endpoint} ${what}.${said && ` It said: ${said}`}`, {
      retryable: isTransient(failure),
      ...(field !== null && { field }),
    });
  }
}
