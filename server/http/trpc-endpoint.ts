import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { toAppError } from '#server/api/problem.ts';
import { appRouter } from '#server/api/router.ts';
import { resolveRequestActor } from '#server/auth/resolve-actor.ts';
import type { Server } from '#server/context.ts';

/** Calls in one HTTP request at most; each may cost several queries. */
const MAX_BATCH = 10;

/** Answers a request under /api/trpc. */
export async function handleTrpc(server: Server, request: Request): Promise<Response> {
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    req: request,
    router: appRouter,
    maxBatchSize: MAX_BATCH,
    createContext: async () => ({ server, actor: await resolveRequestActor(server, request), signal: request.signal }),
    onError({ error, path }) {
      const known = toAppError(error);
      if (known.code === 'internal') server.log.error({ event: 'procedure_failed', path, error: known.cause ?? known });
    },
  });
}
