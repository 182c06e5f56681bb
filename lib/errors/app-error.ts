/**
 * The closed list of error codes with the HTTP status each one answers with. Branch on `code`, never on class or text.
 */
export const ERROR_STATUS = {
  bad_request: 400,
  invalid_config: 400,
  unauthorised: 401,
  budget_spent: 402,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unsupported: 422,
  corrupt_file: 422,
  shape_mismatch: 422,
  rate_limited: 429,
  cancelled: 499,
  internal: 500,
  upstream_failed: 502,
  database_unavailable: 503,
  worker_unavailable: 503,
  lease_lost: 503,
  out_of_memory: 507,
  out_of_space: 507,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** The one error thrown on purpose anywhere in the house. */
export class AppError extends Error {
  readonly code: ErrorCode;
  /** Whether trying the same thing again later can succeed. */
  readonly retryable: boolean;
  /** The input field at fault, as a dotted path, when there is one. */
  readonly field: string | undefined;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; retryable?: boolean; field?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.field = options.field;
  }
}

/** True for an AppError, also one that crossed a package or realm boundary. */
export function isAppError(error: unknown): error is AppError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code in ERROR_STATUS;
}

/** The sentence to show for anything that was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
