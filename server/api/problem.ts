import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { AppError, ERROR_STATUS, type ErrorCode, isAppError } from '#lib/errors/app-error.ts';
import { isUnavailable } from '#platform/database/unavailable.ts';

/** An RFC 9457 problem document, with our error code and the fields at fault. */
export const problemSchema = z.object({
  type: z.string().describe('URI that names the kind of problem: urn:latent-atlas:problem:<code>'),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  instance: z.string().describe('The path that was asked for'),
  code: z.enum(Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]]),
  errors: z
    .array(z.object({ field: z.string(), message: z.string() }))
    .optional()
    .describe('One entry a field at fault'),
});
export type Problem = z.infer<typeof problemSchema>;

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

const TITLES: Record<number, string> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Cannot be processed',
  429: 'Too many requests',
  499: 'Cancelled',
  500: 'Internal error',
  502: 'Something we depend on failed',
  503: 'Unavailable for the moment',
  507: 'Out of memory',
};

/** The AppError inside anything that was thrown; what is not one of ours becomes `internal` without its text. */
export function toAppError(error: unknown): AppError {
  if (isAppError(error)) return error;
  if (error instanceof TRPCError) {
    if (isAppError(error.cause)) return error.cause;
    const invalid = fieldErrors(error);
    if (error.code === 'BAD_REQUEST' && invalid.length > 0) {
      return new AppError('bad_request', sentence(invalid), { cause: error.cause, field: invalid[0]?.field });
    }
    if (error.code === 'NOT_FOUND') return new AppError('not_found', error.message);
    if (error.code === 'BAD_REQUEST' || error.code === 'PARSE_ERROR') return new AppError('bad_request', error.message, { cause: error.cause });
    if (error.cause !== undefined && isUnavailable(error.cause)) return databaseUnavailable(error.cause);
  }
  if (isUnavailable(error)) return databaseUnavailable(error);
  return new AppError('internal', 'Something went wrong on our side; the site’s log has the details.', { cause: error });
}

function databaseUnavailable(cause: unknown): AppError {
  return new AppError('database_unavailable', 'The database does not answer; try again in a moment.', { cause, retryable: true });
}

/** What each field lacks: from a failed zod parse, or the one field an AppError names. */
export function fieldErrors(error: unknown): { field: string; message: string }[] {
  if (isAppError(error)) {
    const inner = error.cause === undefined ? [] : fieldErrors(error.cause);
    if (inner.length > 0) return inner;
    return error.field === undefined ? [] : [{ field: error.field, message: error.message }];
  }
  if (error instanceof z.ZodError) return error.issues.flatMap(issueErrors);
  if (error instanceof TRPCError && error.cause !== undefined) return fieldErrors(error.cause);
  return [];
}

function issueErrors(issue: z.core.$ZodIssue): { field: string; message: string }[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: [...issue.path, key].join('.'), message: 'is not a field of this; check its spelling' }));
  }
  return [{ field: issue.path.join('.'), message: issue.message }];
}

/** One sentence for a list of faults. */
export function sentence(errors: readonly { field: string; message: string }[]): string {
  const parts = errors.slice(0, 3).map(({ field, message }) => (field === '' ? message : `${field}: ${message}`));
  const rest = errors.length - parts.length;
  return `${parts.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}.`.replace(/\.\.$/, '.');
}

/** The problem document of anything that was thrown while answering `path`. */
export function problemOf(error: unknown, path: string): Problem {
  const known = toAppError(error);
  const status = ERROR_STATUS[known.code];
  const errors = fieldErrors(known);
  return {
    type: `urn:latent-atlas:problem:${known.code}`,
    title: TITLES[status] ?? 'Error',
    status,
    detail: known.message,
    instance: path,
    code: known.code,
    ...(errors.length > 0 && { errors }),
  };
}

/** A problem document as a response. */
export function problemResponse(error: unknown, request: Request, headers: Record<string, string> = {}): Response {
  const problem = problemOf(error, new URL(request.url).pathname);
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'content-type': PROBLEM_MEDIA_TYPE, 'cache-control': 'no-store', ...headers },
  });
}
