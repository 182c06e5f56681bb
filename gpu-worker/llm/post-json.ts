import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { urlToHttpOptions } from 'node:url';

/** What is looked at of an answer's headers. */
export type HeadersRead = Pick<Headers, 'get'>;

/** An answer with a status that is no success, as `callFailure` reads it: `error` is its body. */
export class EndpointError extends Error {
  readonly status: number;
  readonly headers: HeadersRead;
  readonly error: unknown;

  constructor(status: number, headers: HeadersRead, body: unknown) {
    super(typeof body === 'string' && body !== '' ? `${status} ${body}` : `${status}`);
    this.name = 'EndpointError';
    this.status = status;
    this.headers = headers;
    this.error = body;
  }
}

/** An answer over this is no completion; a model's longest with log-probabilities has some MB. */
const MAX_BYTES = 64 * 2 ** 20;

export type PostJson = (path: string, body: unknown, options: { key: string | null; signal: AbortSignal }) => Promise<{ data: unknown; headers: HeadersRead }>;

/**
 * Posts JSON to paths below a base URL over connections that are kept. By Node's own client: through fetch, or the
 * `openai` package on top of it, a call takes four times the processor's time. Redirects are not followed, so that a
 * key goes nowhere else; a body that is no JSON comes back as text.
 *
 * Throws EndpointError for a status above 299, and what the network throws, also when the connection is cut inside the
 * body.
 */
export function jsonPoster(baseUrl: string): PostJson {
  const base = new URL(baseUrl.replace(/\/*$/, '/'));
  const isHttps = base.protocol === 'https:';
  // Taken apart once: a URL of its own for each call took a quarter of the client's time.
  const to = { ...urlToHttpOptions(base), method: 'POST' };
  const send = isHttps ? httpsRequest : httpRequest;
  const agent = isHttps ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  return async (path, body, { key, signal }) => {
    const bytes = Buffer.from(JSON.stringify(body));
    const { response, text } = await new Promise<{ response: IncomingMessage; text: string }>((resolve, reject) => {
      const headers = {
        accept: 'application/json',
        'content-type': 'application/json',
        'content-length': bytes.length,
        'user-agent': 'latent-atlas',
        ...(key !== null && { authorization: `Bearer ${key}` }),
      };
      const request = send({ ...to, path: `${base.pathname}${path}`, agent, headers });
      const stop = (): void => void request.destroy(signal.reason as Error);
      const settle = (end: () => void): void => {
        signal.removeEventListener('abort', stop);
        end();
      };
      request.once('response', (answer) =>
        readBody(answer, (end) => settle(() => (typeof end === 'string' ? resolve({ response: answer, text: end }) : reject(end)))),
      );
      request.once('error', (error) => settle(() => reject(error)));
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop);
      request.end(bytes);
    });
    const headers: HeadersRead = { get: (name) => headerOf(response, name) };
    const isJson = response.headers['content-type']?.includes('json') ?? false;
    const status = response.statusCode ?? 0;
    if (status > 299) throw new EndpointError(status, headers, parsedOr(text));
    return { data: isJson ? JSON.parse(text) : parsedOr(text), headers };
  };
}

/** By events: an iterator over a stream costs more than all else of a call. */
function readBody(response: IncomingMessage, done: (end: string | Error) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_BYTES) response.destroy(new Error(`the answer has more than ${MAX_BYTES} bytes`));
  });
  response.once('end', () => done(response.complete ? Buffer.concat(chunks).toString('utf8') : new Error('the connection was cut inside the answer')));
  response.once('error', done);
}

function headerOf(response: IncomingMessage, name: string): string | null {
  const value = response.headers[name.toLowerCase()];
  return value === undefined ? null : String(value);
}

/** Errors come as JSON, as a proxy's page, or as one line of text. */
function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
