import { HubApiError } from '@huggingface/hub';
import { AppError, errorMessage, isAppError } from '#lib/errors/app-error.ts';

/** What was asked for, for the sentence; and whether a token went with it. */
export interface Asked {
  endpoint: string;
  repo: string;
  what: string;
  token: string | null;
}

/** The AppError for anything that asking the hub threw. */
export function hubError(error: unknown, asked: Asked): AppError {
  if (isAppError(error)) return error;
  if (error instanceof HubApiError) return statusError(error.statusCode, asked, error);
  const reason = error instanceof Error && error.cause !== undefined ? errorMessage(error.cause) : errorMessage(error);
  return new AppError('upstream_failed', `The hub at ${asked.endpoint} cannot be reached for ${asked.what}: ${reason}`, { retryable: true, cause: error });
}

/** The AppError for a status of the hub. It answers 401 for what does not exist as well, so as not to tell. */
export function statusError(status: number, { endpoint, repo, what, token }: Asked, cause?: unknown): AppError {
  switch (status) {
    case 401:
      return token === null
        ? new AppError('unauthorised', `The hub gives ${what} of ${repo} to nobody unknown: the name is wrong, or it is private or gated; then set HF_TOKEN.`, {
            field: 'HF_TOKEN',
            cause,
          })
        : new AppError(
            'unauthorised',
            `The hub does not take the token in HF_TOKEN for ${what} of ${repo}: make a new one, or leave it out for what is public.`,
            { field: 'HF_TOKEN', cause },
          );
    case 403:
      return new AppError('forbidden', `The account of HF_TOKEN may not read ${repo}: if it is gated, accept its conditions at ${endpoint}/${repo}.`, {
        field: 'HF_TOKEN',
        cause,
      });
    case 404:
      return new AppError('not_found', `The hub has no ${what} of ${repo}, and there is no folder of that name here.`, { cause });
    default:
      return new AppError('upstream_failed', `The hub at ${endpoint} answered ${status} for ${what} of ${repo}.`, {
        retryable: status === 429 || status >= 500,
        cause,
      });
  }
}
