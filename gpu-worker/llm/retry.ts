import { onAbort } from './on-abort.ts';

/** Waits: injected, so that a test takes no time. Rejects with the signal's reason when it aborts. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

/** Attempts in all; with the waits below the last begins about 15 s after the first. */
export const MAX_ATTEMPTS = 6;
const FIRST_WAIT_MS = 500;
/** An endpoint that asks for longer is not waited for here: a job may take 30 minutes, and the queue comes back to it. */
export const LONGEST_WAIT_MS = 120_000;

/**
 * Milliseconds to wait after failed attempt number `attempt` (1, 2, …): what the endpoint asks for in `Retry-After`
 * (RFC 9110 §10.2.3: seconds or a date) or `retry-after-ms`, else 0.5 s doubled each time, less up to a quarter, so
 * that clients stopped together do not come back together. Null: longer than it is worth waiting.
 *
 * @param random uniform in [0, 1)
 * @param now epoch milliseconds, for a `Retry-After` date
 */
export function retryWait(attempt: number, headers: Pick<Headers, 'get'> | undefined, random: number, now: number): number | null {
  const asked = retryAfter(headers, now);
  const wait = asked ?? FIRST_WAIT_MS * 2 ** (attempt - 1) * (1 - random / 4);
  return wait > LONGEST_WAIT_MS ? null : wait;
}

/** Milliseconds that the endpoint asks to wait; null where it asks for nothing that can be read. */
export function retryAfter(headers: Pick<Headers, 'get'> | undefined, now: number): number | null {
  const milliseconds = headers?.get('retry-after-ms');
  if (milliseconds && Number(milliseconds) >= 0) return Number(milliseconds);
  const value = headers?.get('retry-after');
  if (!value) return null;
  if (Number(value) >= 0) return Number(value) * 1000;
  // Date.parse takes “-3” for a month.
  const date = /[a-z]/i.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/** The real one. */
export const sleep: Sleep = (ms, signal) =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(() => {
      callOff();
      resolve();
    }, ms);
    const callOff = onAbort(signal, () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    });
  });
