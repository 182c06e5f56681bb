import { createHash } from 'node:crypto';
import { AppError } from '#lib/errors/app-error.ts';
import { resolveRequestActor } from '#server/auth/resolve-actor.ts';
import type { Server } from '#server/context.ts';
import { allProcedures } from './procedures.ts';
import { problemResponse, toAppError } from './problem.ts';
import { matchRoute, readQuery, restRoutes } from './rest-routes.ts';
import { createCaller } from './router.ts';

export const REST_BASE = '/api/v1';

/** Reads may be made by scripts of any site; they are never sent a cookie's worth of trust, since credentials are not allowed. */
const CORS_HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'etag, retry-after',
};
const PREFLIGHT_HEADERS = {
  ...CORS_HEADERS,
  'access-control-allow-methods': 'GET, HEAD, OPTIONS',
  'access-control-allow-headers': 'authorization, content-type, if-none-match, x-api-key',
  'access-control-max-age': '86400',
};

/** The longest body a configuration or an account needs is a few kB. */
const MAX_BODY_BYTES = 64 * 1024;

const routes = restRoutes(allProcedures());

/**
 * Answers a request under /api/v1 with the procedure behind it. Answers are JSON with an ETag; refusals and failures are
 * RFC 9457 problem documents.
 */
export async function handleRest(server: Server, request: Request): Promise<Response> {
  if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: PREFLIGHT_HEADERS });
  const url = new URL(request.url);
  try {
    const match = matchRoute(routes, request.method, url.pathname.slice(REST_BASE.length));
    if (match === null) throw new AppError('not_found', `There is nothing at ${url.pathname}; ${REST_BASE}/openapi.json lists what there is.`);
    if ('allow' in match) return methodNotAllowed(request, match.allow);
    const actor = await resolveRequestActor(server, request);
    const input = match.route.writes ? { ...(await readBody(request)), ...match.params } : readQuery(match.route, match.params, url.searchParams);
    const data = await call(createCaller({ server, actor, signal: request.signal }), match.route.procedure, input);
    return answer(request, data, !match.route.writes && actor.kind === 'anonymous');
  } catch (error) {
    const known = toAppError(error);
    if (known.code === 'internal') server.log.error({ event: 'request_failed', path: url.pathname, error: known.cause ?? known });
    return problemResponse(error, request, CORS_HEADERS);
  }
}

type Callable = (input: unknown) => Promise<unknown>;

async function call(caller: object, procedure: string, input: unknown): Promise<unknown> {
  const found = procedure.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], caller);
  return (found as Callable)(input);
}

/** The body's text, given up as soon as it is longer than a body may be. */
async function readText(request: Request): Promise<string> {
  const reader = request.body?.getReader();
  if (!reader) return '';
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(parts).toString('utf8');
    size += value.byteLength;
    if (size > MAX_BODY_BYTES) {
      await reader.cancel();
      throw new AppError('too_large', `The body may have ${MAX_BODY_BYTES / 1024} kB at most.`);
    }
    parts.push(value);
  }
}

async function readBody(request: Request): Promise<Record<string, unknown>> {
  const text = await readText(request);
  if (text === '') return {};
  if (!(request.headers.get('content-type') ?? '').startsWith('application/json')) {
    throw new AppError('unsupported', 'Send the body as JSON, with “Content-Type: application/json”.');
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new AppError('bad_request', 'The body is not valid JSON.', { cause });
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new AppError('bad_request', 'The body must be a JSON object.');
  return body as Record<string, unknown>;
}

function answer(request: Request, data: unknown, cacheable: boolean): Response {
  const body = JSON.stringify(data);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const headers = {
    ...CORS_HEADERS,
    etag,
    // A run changes answers at any moment: caches keep them, but ask each time whether they still hold.
    'cache-control': cacheable ? 'public, no-cache' : 'private, no-cache',
    vary: 'Authorization, Cookie, X-Api-Key',
  };
  const known = request.headers
    .get('if-none-match')
    ?.split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''));
  if (known?.includes(etag) && request.method !== 'POST') return new Response(null, { status: 304, headers });
  return new Response(request.method === 'HEAD' ? null : body, { headers: { ...headers, 'content-type': 'application/json' } });
}

function methodNotAllowed(request: Request, allow: string[]): Response {
  const path = new URL(request.url).pathname;
  const problem = {
    type: 'about:blank',
    title: 'Method not allowed',
    status: 405,
    detail: `${path} does not take ${request.method}; it takes ${allow.join(', ')}.`,
    instance: path,
  };
  return new Response(JSON.stringify(problem), {
    status: 405,
    headers: { ...CORS_HEADERS, 'content-type': 'application/problem+json', allow: allow.join(', ') },
  });
}
