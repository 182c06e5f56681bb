import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type ServerType } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { z } from 'zod';
import { float32ToText } from '#lib/bytes/float32-text.ts';
import { AppError, isAppError } from '#lib/errors/app-error.ts';
import type { RunEstimate } from '#lib/llm/estimate.ts';
import { runConfigSchema, type RunConfig } from '#lib/run/schema.ts';
import { embedRequestSchema, type EmbedResponse, MAX_BODY, nearestRequestSchema, type NearestResponse } from '#lib/worker-api/schema.ts';
import type { VectorScan } from '#platform/search/types.ts';
import type { Embedder } from '#gpu-worker/embed/embedder.ts';
import { problemResponse } from './problem.ts';
import { carriesSecret } from './secret.ts';

export interface WorkerHttpParts {
  /** Opened by the first request for it. */
  embedder: () => Promise<Pick<Embedder, 'id' | 'dimensions' | 'embed'>>;
  vectorIndex: VectorScan;
  /** What a run would take of the language model. */
  estimate: (config: RunConfig) => Promise<RunEstimate>;
  /** Shared with the website. */
  secret: string;
  /** What `GET /status` answers: anything that JSON can hold. */
  status: () => unknown;
  /** Told of failures that are not the caller's. */
  onError: (error: unknown) => void;
}

export interface WorkerHttp {
  /** Port 0 takes a free one. Throws AppError `conflict` when the port is taken. */
  listen(host: string, port: number): Promise<{ port: number }>;
  /** Stops listening, and waits for the answers under way. */
  close(): Promise<void>;
}

/**
 * The worker's HTTP API for the website: `POST /embed`, `POST /nearest`, `POST /estimate`, `GET /status` with the shared secret, and
 * `GET /healthz` without. Bodies: lib/worker-api/schema.ts. Errors are RFC 9457 problem documents.
 */
export function createWorkerHttp({ embedder, vectorIndex, estimate, secret, status, onError }: WorkerHttpParts): WorkerHttp {
  const app = new Hono();
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.use(async (c, next) => {
    if (!carriesSecret(c.req.header('authorization'), secret))
      throw new AppError('unauthorised', 'The worker needs the secret it shares with the website (WORKER_SECRET).');
    await next();
  });
  app.use(
    bodyLimit({
      maxSize: MAX_BODY,
      onError: () => {
        throw new AppError('too_large', `A request to the worker holds at most ${MAX_BODY} bytes.`);
      },
    }),
  );
  app.get('/status', (c) => c.json(status()));
  app.post('/embed', async (c) => {
    // The website embeds what visitors ask for; what is found was embedded as a document, by a job.
    const { texts } = await readBody(embedRequestSchema, c.req.raw);
    const model = await embedder();
    const answer: EmbedResponse = { embedder: model.id, dimensions: model.dimensions, vectors: float32ToText(await model.embed(texts, 'query')) };
    return c.json(answer);
  });
  app.post('/nearest', async (c) => {
    const { vector, k, coderIds } = await readBody(nearestRequestSchema, c.req.raw);
    const answer: NearestResponse = { hits: await vectorIndex.nearest(vector, k, coderIds) };
    return c.json(answer);
  });
  app.post('/estimate', async (c) => c.json(await estimate(await readBody(runConfigSchema, c.req.raw))));
  app.notFound((c) => problemResponse(new AppError('not_found', `The worker has no ${c.req.method} ${c.req.path}.`), c.req.path));
  app.onError((error, c) => {
    const response = problemResponse(error, c.req.path);
    if (response.status >= 500) onError(error);
    return response;
  });

  const server = createAdaptorServer({ fetch: app.fetch });
  return {
    listen: (host, port) => listen(server, host, port),
    close: () => close(server),
  };
}

async function readBody<Schema extends z.ZodType>(schema: Schema, request: Request): Promise<z.infer<Schema>> {
  let body: unknown;
  try {
    body = await request.json();
  } catch (cause) {
    if (isAppError(cause)) throw cause;
    throw new AppError('bad_request', 'The body is not JSON.', { cause });
  }
  return schema.parse(body);
}

function listen(server: ServerType, host: string, port: number): Promise<{ port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EADDRINUSE'
          ? new AppError('conflict', `The worker cannot listen on ${host}:${port}: something else does. Set WORKER_PORT to a free port.`, { cause })
          : cause,
      );
    });
    server.listen(port, host, () => resolve({ port: (server.address() as AddressInfo).port }));
  });
}

function close(server: ServerType): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    if ('closeIdleConnections' in server) server.closeIdleConnections();
  });
}
