import type { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { workerProblemSchema } from '#lib/worker-api/schema.ts';

/** Asks the worker's HTTP API. */
export interface WorkerClient {
  /**
   * POST `body` as JSON and parse the answer. Throws AppError `worker_unavailable` when nothing answers within
   * `timeoutMs` or the worker fails, `forbidden` when it refuses the secret, `upstream_failed` when it refuses the
   * request or its answer is not what the schema says.
   */
  post<Schema extends z.ZodType>(path: string, body: unknown, schema: Schema, timeoutMs: number): Promise<z.infer<Schema>>;
}

/** A client of the worker at `url`. Connections are kept open between calls by Node's fetch. */
export function createWorkerClient({ url, secret }: { url: string; secret: string }): WorkerClient {
  return {
    post: async (path, body, schema, timeoutMs) => {
      let response: Response;
      let text: string;
      try {
        response = await fetch(new URL(path, url), {
          method: 'POST',
          headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
          signal: AbortSignal.timeout(timeoutMs),
        });
        text = await response.text();
      } catch (cause) {
        throw new AppError('worker_unavailable', `The worker did not answer within ${timeoutMs} ms: see whether it runs.`, { cause, retryable: true });
      }
      if (!response.ok) throw refused(response.status, text);
      const parsed = schema.safeParse(parseJson(text));
      if (!parsed.success)
        throw new AppError('upstream_failed', `The worker answered ${path} with something else than asked for: start worker and site from one version.`, {
          cause: parsed.error,
        });
      return parsed.data;
    },
  };
}

function refused(status: number, text: string): AppError {
  const problem = workerProblemSchema.safeParse(parseJson(text));
  const reason = problem.success ? problem.data.detail : `status ${status}`;
  if (status === 401) return new AppError('forbidden', 'The worker refused the secret: give site and worker the same WORKER_SECRET.');
  if (problem.success && problem.data.code === 'shape_mismatch') return new AppError('shape_mismatch', reason);
  if (status >= 500) return new AppError('worker_unavailable', `The worker failed: ${reason}`, { retryable: true });
  return new AppError('upstream_failed', `The worker refused the request: ${reason}`);
}

/** Null for what is not JSON, which no schema of an answer accepts. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
