import { initTRPC, TRPCError } from '@trpc/server';
import type { OpenApiMeta } from 'trpc-to-openapi';
import { ERROR_STATUS } from '#lib/errors/app-error.ts';
import type { Actor } from '#server/access/actor.ts';
import { type Action, ACTIONS, assertMay } from '#server/access/policy.ts';
import type { Server } from '#server/context.ts';
import { fieldErrors, toAppError } from './problem.ts';

/** What every procedure is given. */
export interface ApiContext {
  server: Server;
  actor: Actor;
  /** Aborted when the client goes away. */
  signal?: AbortSignal;
}

export interface ProcedureMeta extends OpenApiMeta {
  /** What the procedure does, in the words of the access policy. */
  action: Action;
}

const trpc = initTRPC
  .context<ApiContext>()
  .meta<ProcedureMeta>()
  .create({
    defaultMeta: { action: 'catalogue.read' },
    errorFormatter({ shape, error }) {
      const known = toAppError(error);
      const errors = fieldErrors(known);
      return {
        code: shape.code,
        message: known.message,
        data: { code: known.code, httpStatus: ERROR_STATUS[known.code], path: shape.data.path, errors },
      };
    },
  });

export const router = trpc.router;
export const createCallerFactory = trpc.createCallerFactory;

const TRPC_CODES: Partial<Record<number, TRPCError['code']>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  422: 'UNPROCESSABLE_CONTENT',
  429: 'TOO_MANY_REQUESTS',
  499: 'CLIENT_CLOSED_REQUEST',
  502: 'BAD_GATEWAY',
  503: 'SERVICE_UNAVAILABLE',
};

/**
 * A procedure that does `action`. Access is checked before the input is parsed, so that nobody learns from a field
 * error what they may not do; what is thrown leaves as the tRPC error of the same HTTP status, its cause kept.
 */
export function procedure(action: Action, openapi?: ProcedureMeta['openapi']) {
  const protect = ACTIONS[action] !== 'anyone';
  return trpc.procedure.meta({ action, ...(openapi && { openapi: { protect, ...openapi } }) }).use(async ({ ctx, next }) => {
    try {
      assertMay(ctx.actor, action);
    } catch (error) {
      throw translate(error);
    }
    const result = await next();
    if (!result.ok) throw translate(result.error);
    return result;
  });
}

function translate(error: unknown): TRPCError {
  const known = toAppError(error);
  // A fault of ours keeps all it knows, for the log; the error formatter keeps it from the visitor.
  if (known.code === 'internal' && error instanceof TRPCError) return error;
  return new TRPCError({ code: TRPC_CODES[ERROR_STATUS[known.code]] ?? 'INTERNAL_SERVER_ERROR', message: known.message, cause: known });
}
