import { isAppError, type AppError } from '#lib/errors/app-error.ts';

/** Whether the endpoint gave this one call no answer, so that others may go on. One that names a setting at fault is everybody's. */
export function isEndpointFailure(error: unknown): error is AppError {
  return isAppError(error) && error.code === 'upstream_failed' && error.field === undefined;
}

/** The same, or the run's budget has none left for the call. */
export function isUnanswered(error: unknown): error is AppError {
  return isEndpointFailure(error) || (isAppError(error) && error.code === 'budget_spent');
}
