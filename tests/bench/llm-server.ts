import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

// A process of its own: an endpoint that thinks for 200 ms and has 64 slots; what comes beyond them waits its turn.
// Its own time is none of ours: answers are put together from strings. `GET /busy` says what share of the slots was busy
// between the first call and the last, and how many calls there were; then it begins anew.
const [LATENCY_MS, SLOTS] = [Number(process.argv[2]), Number(process.argv[3])];
const waiting: (() => void)[] = [];
let [busy, since, area, calls] = [0, 0, 0, 0];
let [first, last] = [0, 0];

function mark(change: number): void {
  const now = performance.now();
  area += busy * (now - since);
  since = now;
  busy += change;
  first ||= now;
  last = now;
}

function answer(body: string, response: ServerResponse): void {
  mark(1);
  setTimeout(() => {
    mark(-1);
    waiting.shift()?.();
    const count = Number(/"minItems":(\d+)/.exec(body)?.[1] ?? 0);
    const text = count > 0 ? `{"verdicts":[${'1,'.repeat(count).slice(0, -1)}]}` : '{"explanation":"The words that stand here"}';
    const top = Number(/"top_logprobs":(\d+)/.exec(body)?.[1] ?? 0);
    const logprobs = body.includes('"logprobs":true') ? { content: text.match(/\d|[^\d]{1,6}/g)?.map((token) => ({ token, logprob: -0.01, bytes: [48], top_logprobs: topOf(token, top) })) } : null; // prettier-ignore
    const usage = { prompt_tokens: Math.ceil(body.length / 4), completion_tokens: Math.ceil(text.length / 4), prompt_tokens_details: { cached_tokens: 0 } };
    response.writeHead(200, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 0,
        model: 'bench',
        choices: [{ index: 0, message: { role: 'assistant', content: text }, logprobs, finish_reason: 'stop' }],
        usage,
      }),
    );
  }, LATENCY_MS);
}

const topOf = (token: string, top: number): unknown[] =>
  Array.from({ length: top }, (_, i) => ({ token: i === 0 ? token : String(i), logprob: -0.01 - 5 * i, bytes: [48] }));

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    const span = last - first;
    response.end(JSON.stringify({ share: span > 0 ? area / span / SLOTS : 0, calls, seconds: span / 1000 }));
    [area, calls, first, last, since] = [0, 0, 0, 0, performance.now()];
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    calls += 1;
    const body = Buffer.concat(chunks).toString();
    if (busy < SLOTS) answer(body, response);
    else waiting.push(() => answer(body, response));
  });
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
