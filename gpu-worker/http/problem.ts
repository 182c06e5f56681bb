import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { AppError, ERROR_STATUS, isAppError } from '#lib/errors/app-error.ts';

/** Anything thrown while answering `path` as an RFC 9457 problem document. What is not ours is told without its text. */
export function problemResponse(error: unknown, path: string): Response {
  const known = toAppError(error);
  const status = ERROR_STATUS[known.code];
  const problem = {
    type: `urn:latent-atlas:problem:${known.code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: known.message,
    instance: path,
    code: known.code,
  };
  return new Response(JSON.stringify(problem), { status, headers: { 'content-type': 'application/problem+json' } });
}

function toAppError(error: unknown): AppError {
  if (isAppError(error)) return error;
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    return new AppError('bad_request', `${issue?.path.join('.') || 'The body'}: ${issue?.message ?? 'is not valid'}.`, { cause: error });
  }
  return new AppError('internal', 'Something went wrong in the worker; its log has the details.', { cause: error });
}
