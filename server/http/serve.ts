import { problemResponse, toAppError } from '#server/api/problem.ts';
import type { Server } from '#server/context.ts';
import { getServer } from '#server/process.ts';

/** Answers a request with the process's server; what is thrown on the way becomes a problem document. */
export async function serve(request: Request, answer: (server: Server, request: Request) => Promise<Response>): Promise<Response> {
  let server: Server;
  try {
    server = await getServer();
  } catch (error) {
    return problemResponse(error, request);
  }
  try {
    return await answer(server, request);
  } catch (error) {
    const known = toAppError(error);
    if (known.code === 'internal') server.log.error({ event: 'request_failed', path: new URL(request.url).pathname, error: known.cause ?? known });
    return problemResponse(error, request);
  }
}
