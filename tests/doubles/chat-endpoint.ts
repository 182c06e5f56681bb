import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface DoubleMessage {
  role: string;
  content: string;
}

/** An answer token by token, each with what else could have stood there. */
export interface SpokenToken {
  token: string;
  logprob: number;
  top: { token: string; logprob: number }[];
}

/** An answer, and its tokens where log-probabilities are asked for. */
export interface Spoken {
  text: string;
  tokens: SpokenToken[];
}

/** A request as the endpoint got it, and what became of it. */
export interface ReceivedCall {
  /** `/chat/completions`, or a route's. */
  path: string;
  /** Of a chat; empty for other routes. */
  messages: DoubleMessage[];
  body: Record<string, unknown>;
  authorization: string | null;
  headers: Record<string, string | string[] | undefined>;
  /** HTTP status it was answered with; null: not answered, or the connection cut. */
  status: number | null;
}

/** What one call meets instead of, or on the way to, an answer. */
export type Misbehaviour =
  | { kind: 'status'; status: number; headers?: Record<string, string>; error?: Record<string, unknown> }
  /** Answers after so many milliseconds; null: never. */
  | { kind: 'slow'; ms: number | null }
  /** Closes the socket before a word, or in the middle of the body. */
  | { kind: 'hang_up' | 'cut' }
  /** The answer in prose or a code fence. */
  | { kind: 'prose' | 'code_fence' }
  /** The answer's first half, reported as cut off at the token limit. */
  | { kind: 'truncated' }
  /** The last entry of the answer's list left out. */
  | { kind: 'short_list' }
  /** These words as the answer. */
  | { kind: 'text'; text: string }
  /** This body as it is, status 200. */
  | { kind: 'body'; body: string };

export interface ChatEndpointOptions {
  /** The model: messages → answer. */
  answer: (messages: DoubleMessage[], body: Record<string, unknown>) => string | Spoken;
  /** What else it serves, by path behind `/v1`: `/embeddings`, `/completions`. A request's body → the answer's. */
  routes?: Record<string, (body: Record<string, unknown>) => unknown>;
  /** Asked for every call in order of arrival (0, 1, …); null: behave. */
  misbehave?: (call: number, messages: DoubleMessage[]) => Misbehaviour | null;
  /** Told of every call that was answered to its last byte, into a connection that was open still. */
  onAnswered?: (call: ReceivedCall) => void;
  /** Key that callers must bear; null: any, or none. */
  apiKey?: string | null;
  model?: string;
  /** Whether `response_format` is understood; else it is refused with 400, as older servers do. */
  schemas?: boolean;
  /** Parameters refused as OpenAI's newer models refuse them. */
  refusedParameters?: readonly ('max_tokens' | 'temperature')[];
}

export interface ChatEndpoint {
  /** What LLM_BASE_URL takes. */
  baseUrl: string;
  host: string;
  model: string;
  calls: ReceivedCall[];
  /** Most calls that were being answered at the same time. */
  readonly peak: number;
  close(): Promise<void>;
}

/**
 * An OpenAI-compatible chat endpoint on a free loopback port, speaking the real protocol: bearer keys, error objects
 * with `code` and `param`, usage, finish reasons, refusals of what older and newer servers do not take. Misbehaves on demand.
 */
export async function startChatEndpoint(options: ChatEndpointOptions): Promise<ChatEndpoint> {
  const { model = 'double-1' } = options;
  const calls: ReceivedCall[] = [];
  let underWay = 0;
  let peak = 0;
  const server = createServer((request, response) => {
    underWay += 1;
    peak = Math.max(peak, underWay);
    response.once('close', () => (underWay -= 1));
    void respond(request, response, { ...options, model }, calls);
  });
  // Node's five seconds end just when a busy test is about to write on the same connection.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    baseUrl: `http://${host}/v1`,
    host,
    model,
    calls,
    get peak() {
      return peak;
    },
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
  options: ChatEndpointOptions & { model: string },
  calls: ReceivedCall[],
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const send = (status: number, body: unknown, headers: Record<string, string> = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(typeof body === 'string' ? body : JSON.stringify(body));
  };
  const refuse = (status: number, error: Record<string, unknown>, headers?: Record<string, string>): void => send(status, { error }, headers);
  const path = request.url?.replace(/^\/v1/, '') ?? '';
  const route = options.routes?.[path];
  if (request.method !== 'POST' || (path !== CHAT && route === undefined))
    return refuse(404, { message: `Unknown request URL: ${request.method} ${request.url}.`, code: null });

  const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
  const messages = path === CHAT ? (body['messages'] as DoubleMessage[]) : [];
  const call: ReceivedCall = { path, messages, body, authorization: request.headers.authorization ?? null, headers: request.headers, status: null };
  const ordinal = calls.push(call) - 1;
  response.once('finish', () => {
    call.status = response.statusCode;
    if (response.statusCode === 200 && !request.socket.destroyed) options.onAnswered?.(call);
  });

  if (options.apiKey && call.authorization !== `Bearer ${options.apiKey}`) {
    return refuse(401, { message: `Incorrect API key provided: ${call.authorization?.slice('Bearer '.length) ?? ''}.`, code: 'invalid_api_key' });
  }
  if (body['model'] !== options.model) return refuse(404, { message: `The model ${String(body['model'])} does not exist.`, code: 'model_not_found' });
  for (const parameter of options.refusedParameters ?? []) {
    if (parameter in body)
      return refuse(400, {
        message: `Unsupported parameter: '${parameter}' is not supported with this model.`,
        code: 'unsupported_parameter',
        param: parameter,
      });
  }
  if ('response_format' in body && options.schemas === false) return refuse(400, { message: 'response_format is not supported by this server', code: null });

  const misbehaviour = options.misbehave?.(ordinal, messages) ?? null;
  if (misbehaviour?.kind === 'status') {
    return refuse(misbehaviour.status, misbehaviour.error ?? { message: `HTTP ${misbehaviour.status} on demand`, code: null }, misbehaviour.headers);
  }
  if (misbehaviour?.kind === 'slow') {
    if (misbehaviour.ms === null) return;
    await new Promise((resolve) => setTimeout(resolve, misbehaviour.ms as number));
  }
  if (misbehaviour?.kind === 'hang_up') return void request.socket.destroy();
  if (misbehaviour?.kind === 'body') return send(200, misbehaviour.body);
  const sendOrCut = (whole: string): void => {
    if (misbehaviour?.kind !== 'cut') return send(200, whole);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(whole)) });
    response.write(whole.slice(0, whole.length / 2), () => request.socket.destroy());
  };

  if (route !== undefined) return sendOrCut(JSON.stringify(route(body)));
  const spoken = options.answer(messages, body);
  const answer = typeof spoken === 'string' ? spoken : spoken.text;
  const text = misbehaviour === null ? answer : distort(answer, misbehaviour);
  const completion = JSON.stringify({
    id: `chatcmpl-${ordinal}`,
    object: 'chat.completion',
    created: 0,
    model: options.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal: null },
        // Of what was said before it was distorted: a distorted answer has none.
        logprobs: body['logprobs'] === true && typeof spoken !== 'string' && text === answer ? { content: logprobsOf(spoken, body), refusal: null } : null,
        finish_reason: misbehaviour?.kind === 'truncated' ? 'length' : 'stop',
      },
    ],
    usage: usage(messages, text),
  });
  sendOrCut(completion);
}

const CHAT = '/chat/completions';

function logprobsOf({ tokens }: Spoken, { top_logprobs: most }: Record<string, unknown>): Record<string, unknown>[] {
  const written = ({ token, logprob }: { token: string; logprob: number }): Record<string, unknown> => ({ token, logprob, bytes: [...Buffer.from(token)] });
  return tokens.map((token) => ({ ...written(token), top_logprobs: token.top.slice(0, Number(most ?? 0)).map(written) }));
}

function distort(answer: string, misbehaviour: Misbehaviour): string {
  switch (misbehaviour.kind) {
    case 'prose':
      return `Sure! I have looked at every text with care. Here is my answer:\n\n${answer}\n\nDo ask if I can help with anything else {or not}.`;
    case 'code_fence':
      return `\`\`\`json\n${answer}\n\`\`\``;
    case 'truncated':
      return answer.slice(0, answer.length / 2);
    case 'short_list':
      return answer.replace(/,?\s*[01]\s*\]/, ']');
    case 'text':
      return misbehaviour.text;
    default:
      return answer;
  }
}

/** Four characters a token, near enough for English. */
function usage(messages: DoubleMessage[], text: string): Record<string, number> {
  const prompt = Math.ceil(messages.reduce((sum, { content }) => sum + content.length, 0) / 4);
  const completion = Math.ceil(text.length / 4);
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}
