import { setImmediate } from 'node:timers/promises';
import { AppError } from '#lib/errors/app-error.ts';

/**
 * Lets the event loop breathe between items of CPU work, so that leases are renewed and the HTTP API answers.
 * Throws AppError `cancelled` once the task's signal is aborted.
 */
export async function yieldNow(signal: AbortSignal): Promise<void> {
  await setImmediate();
  if (signal.aborted) throw new AppError('cancelled', 'The task was stopped before it was done.', { retryable: true, cause: signal.reason });
}
