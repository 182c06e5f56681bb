import { isAppError, type AppError } from '#lib/errors/app-error.ts';

/**
 * Whether a call's failure is its own, so that others may go on: the endpoint gave it no answer, or the run's budget has
 * none left for it. One that names a setting at fault is everybody's.
 */
export function isUnanswered(error: unknown): error is AppError {
  return isAppError(error) && (error.code === 'budget_spent' || (error.code === 'upstream_failed' && error.field === undefined));
}
