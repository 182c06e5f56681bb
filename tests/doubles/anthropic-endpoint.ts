import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Block {
  type: 'text';
  text: string;
  cache_control?: { type: string };
}
interface Turn {
  role: string;
  content: string | Block[];
}
export interface AnthropicBody {
  model: string;
  max_tokens: number;
  temperature?: number;
  system?: string | Block[];
  messages: Turn[];
  output_config?: { format?: { type: string; schema: Record<string, unknown> } };
}

export type AnthropicMisbehaviour =
  | { kind: 'status'; status: number; type: string; message?: string; details?: Record<string, unknown>; headers?: Record<string, string> }
  | { kind: 'cut' | 'hang_up' }
  | { kind: 'slow'; ms: number | null }
  | { kind: 'truncated' }
  | { kind: 'refusal' };

export interface AnthropicEndpointOptions {
  answer: (body: AnthropicBody) => string;
  misbehave?: (call: number) => AnthropicMisbehaviour | null;
  apiKey?: string;
  model?: string;
  /** Whether the model knows `output_config.format`. */
  schemas?: boolean;
  /** Whether the model still takes a temperature. */
  temperature?: boolean;
  /** Headers of every answer, such as what is left of the limits. */
  headers?: Record<string, string>;
}

export interface AnthropicEndpoint {
  baseUrl: string;
  host: string;
  model: string;
  calls: { body: AnthropicBody; headers: IncomingMessage['headers']; status: number | null }[];
  close(): Promise<void>;
}

/** Prefixes of fewer tokens are not cached, as with the real one's larger models. */
const LEAST_CACHED_TOKENS = 100;

/**
 * Anthropic's messages API on a free loopback port: its key and version headers, its error objects with `request_id`, its
 * checks of a request, its usage with what was read from and written to a prefix cache that lasts as long as the server.
 */
export async function startAnthropicEndpoint(options: AnthropicEndpointOptions): Promise<AnthropicEndpoint> {
  const settings = { model: 'claude-double-1', apiKey: 'sk-ant-double', ...options };
  const calls: AnthropicEndpoint['calls'] = [];
  const cached = new Set<string>();
  const server = createServer((request, response) => void respond(request, response, settings, calls, cached));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    baseUrl: `http://${host}`,
    host,
    model: settings.model,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: AnthropicEndpointOptions & { model: string; apiKey: string },
  calls: AnthropicEndpoint['calls'],
  cached: Set<string>,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const requestId = `req_${calls.length.toString().padStart(6, '0')}`;
  const send = (status: number, body: unknown, headers: Record<string, string> = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json', 'request-id': requestId, ...options.headers, ...headers }).end(JSON.stringify(body));
  };
  const refuse = (status: number, type: string, message: string, headers: Record<string, string> = {}, details?: Record<string, unknown>): void =>
    send(status, { type: 'error', error: { type, message, ...(details && { details }) }, request_id: requestId }, headers);
  if (request.method !== 'POST' || request.url?.split('?')[0] !== '/v1/messages') return refuse(404, 'not_found_error', 'Not found');
  const body = JSON.parse(Buffer.concat(chunks).toString()) as AnthropicBody;
  const call = { body, headers: request.headers, status: null as number | null };
  const ordinal = calls.push(call) - 1;
  response.once('finish', () => (call.status = response.statusCode));

  if (request.headers['anthropic-version'] === undefined) return refuse(400, 'invalid_request_error', 'anthropic-version: header is required');
  const key = request.headers.authorization?.replace('Bearer ', '') ?? request.headers['x-api-key'];
  if (key !== options.apiKey) return refuse(401, 'authentication_error', `invalid API key ${String(key)}`);
  const invalid = problemOf(body, options);
  if (invalid !== null) return refuse(invalid.status, invalid.type, invalid.message);

  const misbehaviour = options.misbehave?.(ordinal) ?? null;
  if (misbehaviour?.kind === 'status')
    return refuse(misbehaviour.status, misbehaviour.type, misbehaviour.message ?? misbehaviour.type, misbehaviour.headers, misbehaviour.details);
  if (misbehaviour?.kind === 'hang_up') return void request.socket.destroy();
  if (misbehaviour?.kind === 'slow') {
    if (misbehaviour.ms === null) return;
    await new Promise((resolve) => setTimeout(resolve, misbehaviour.ms as number));
  }
  const answer = options.answer(body);
  const text = misbehaviour?.kind === 'truncated' ? answer.slice(0, answer.length / 2) : answer;
  const message = {
    id: `msg_${ordinal}`,
    type: 'message',
    role: 'assistant',
    model: options.model,
    content: misbehaviour?.kind === 'refusal' ? [] : [{ type: 'text', text, citations: null }],
    stop_reason: misbehaviour?.kind === 'truncated' ? 'max_tokens' : misbehaviour?.kind === 'refusal' ? 'refusal' : 'end_turn',
    stop_sequence: null,
    usage: { ...usageOf(body, cached), output_tokens: tokensOf(text) },
  };
  if (misbehaviour?.kind !== 'cut') return send(200, message);
  const bytes = JSON.stringify(message);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(bytes)) });
  response.write(bytes.slice(0, bytes.length / 2), () => request.socket.destroy());
}

function problemOf(
  body: AnthropicBody,
  { model, schemas = true, temperature = true }: AnthropicEndpointOptions & { model: string },
): { status: number; type: string; message: string } | null {
  const bad = (message: string): { status: number; type: string; message: string } => ({ status: 400, type: 'invalid_request_error', message });
  if (body.model !== model) return { status: 404, type: 'not_found_error', message: `model: ${body.model}` };
  if (!Number.isInteger(body.max_tokens)) return bad('max_tokens: Field required');
  if (!temperature && body.temperature !== undefined) return bad('`temperature` is deprecated for this model.');
  if (body.messages.some(({ role }) => role !== 'user' && role !== 'assistant'))
    return bad('messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" as an input message role.');
  if (body.messages.length === 0 || body.messages[0]?.role !== 'user') return bad('messages: first message must use the "user" role');
  if (body.messages.some(({ content }) => content.length === 0)) return bad('messages: text content blocks must be non-empty');
  const marks = [...blocksOf(body.system ?? []), ...body.messages.flatMap(({ content }) => blocksOf(content))].filter(({ cache_control: mark }) => mark);
  if (marks.length > 4) return bad('A maximum of 4 blocks with cache_control may be provided.');
  const format = body.output_config?.format;
  if (format && !schemas) return bad('output_config.format: Extra inputs are not permitted');
  const unsupported = format && /"(minLength|maxLength|minimum|maximum|maxItems)":|"minItems":(?![01][,}])/.exec(JSON.stringify(format.schema))?.[1];
  return unsupported ? bad(`output_config.format.schema: For 'array' type, property '${unsupported}' is not supported`) : null;
}

const blocksOf = (content: string | Block[]): Block[] => (typeof content === 'string' ? [{ type: 'text', text: content }] : content);
const tokensOf = (text: string): number => Math.ceil(text.length / 4);

/** As the real one counts: `input_tokens` are what comes after the last mark. */
function usageOf(body: AnthropicBody, cached: Set<string>): Record<string, number> {
  const blocks = [...blocksOf(body.system ?? []), ...body.messages.flatMap(({ content }) => blocksOf(content))];
  let [sum, read, written] = [0, 0, 0];
  const hash = createHash('sha256');
  for (const block of blocks) {
    sum += tokensOf(block.text);
    hash.update(`${block.text}\n`);
    if (!block.cache_control || sum < LEAST_CACHED_TOKENS) continue;
    const prefix = hash.copy().digest('hex');
    if (cached.has(prefix)) read = sum;
    else {
      cached.add(prefix);
      written = sum - read;
    }
  }
  return { input_tokens: sum - read - written, cache_read_input_tokens: read, cache_creation_input_tokens: written };
}
