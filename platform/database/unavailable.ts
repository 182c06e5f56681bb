import { AppError, errorMessage } from '#lib/errors/app-error.ts';

/** Connection failures of `pg` and of the network under it, and PostgreSQL's own “not now” (class 57P, 53300, 08). */
const CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '08000',
  '08001',
  '08003',
  '08006',
  '28P01',
  '28000',
  '3D000',
]);
const MESSAGES = /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error/i;

/** Whether an error means that the database cannot be reached, rather than that it refused a statement. */
export function isUnavailable(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && CODES.has(cause.code)) return true;
    if (MESSAGES.test(cause.message)) return true;
    if (cause instanceof AggregateError && cause.errors.some(isUnavailable)) return true;
  }
  return false;
}

/** Where a connection URL points, without its password. */
export function databaseAddress(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || 5432}${pathname}`;
}

/** The one sentence for a database that does not answer. Retryable: it may come back. */
export function databaseUnavailable(url: string, cause: unknown): AppError {
  return new AppError(
    'database_unavailable',
    `The database at ${databaseAddress(url)} does not answer (${reason(cause)}): check that it runs and that DATABASE_URL is right.`,
    { cause, retryable: true },
  );
}

function reason(cause: unknown): string {
  // Node wraps the attempts on IPv6 and IPv4 in one error with an empty message.
  if (cause instanceof AggregateError && cause.errors.length > 0) return errorMessage(cause.errors[0]);
  return errorMessage(cause);
}
