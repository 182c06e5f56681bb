import { AppError } from '#lib/errors/app-error.ts';
import { publicRunSchema } from '#lib/run/public.ts';
import { assertMay } from '#server/access/policy.ts';
import { idSchema } from '#server/catalogue/router.ts';
import { resolveRequestActor } from '#server/auth/resolve-actor.ts';
import type { Server } from '#server/context.ts';
import { getRun, noRun } from '#server/runs/queries.ts';
import { eventStream } from './event-stream.ts';

/** Open streams a process: each holds a socket, and one page needs one. */
const MOST_STREAMS = 500;
const open = new WeakMap<Server, number>();

/**
 * Live progress of whichever run is going on, for anybody: messages `progress` with a PublicRun, or null when there is
 * none, at once and at every change.
 */
export async function streamCurrentRun(server: Server, request: Request): Promise<Response> {
  assertMay(await resolveRequestActor(server, request), 'runs.watch');
  return counted(server, (done) =>
    eventStream(request.signal, (send) => {
      const stop = server.watcher.watchCurrent({
        onProgress: (run) => send({ event: 'progress', data: run === null ? null : publicRunSchema.parse(run) }),
      });
      return () => {
        stop();
        done();
      };
    }),
  );
}

/**
 * One run live, for admins: messages `progress` with a RunSummary at every change, and `log` with each event of its log,
 * from the one after `Last-Event-ID`, or from the first. Throws AppError `forbidden`, `not_found`.
 */
export async function streamRun(server: Server, request: Request, runId: string): Promise<Response> {
  assertMay(await resolveRequestActor(server, request), 'runs.manage');
  if (!idSchema.safeParse(runId).success) throw noRun(runId);
  await getRun(server.pool, runId);
  const after = request.headers.get('last-event-id') ?? '0';
  if (!/^[0-9]{1,18}$/.test(after)) throw new AppError('bad_request', 'Last-Event-ID: is not the id of an event.', { field: 'Last-Event-ID' });
  return counted(server, (done) =>
    eventStream(request.signal, (send) => {
      const stop = server.watcher.watchRun(runId, after, {
        onProgress: (run) => send({ event: 'progress', data: run }),
        onEvent: (event) => send({ event: 'log', data: event, id: event.id }),
      });
      return () => {
        stop();
        done();
      };
    }),
  );
}

function counted(server: Server, start: (done: () => void) => Response): Response {
  const count = open.get(server) ?? 0;
  if (count >= MOST_STREAMS) {
    throw new AppError('rate_limited', 'Too many pages are watching at the moment; load this one again in a while.', { retryable: true });
  }
  open.set(server, count + 1);
  return start(() => open.set(server, (open.get(server) ?? 1) - 1));
}
