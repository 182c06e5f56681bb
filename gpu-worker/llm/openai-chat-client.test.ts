import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AppError } from '#lib/errors/app-error.ts';
import { startChatEndpoint, type ChatEndpoint, type ChatEndpointOptions, type Misbehaviour } from '#tests/doubles/chat-endpoint.ts';
import type { ChatRequest } from './chat-client.ts';
import { skippingClock } from '#tests/doubles/clocks.ts';
import { endpointName } from './endpoint-calls.ts';
import { createOpenAiChatClient, type OpenAiChatOptions } from './openai-chat-client.ts';
import { MAX_ATTEMPTS } from './retry.ts';

const KEY = 'sk-very-secret-0123456789';
const SCHEMA = { name: 'answer', schema: z.strictObject({ verdicts: z.array(z.literal([0, 1])).length(2) }) };
const REQUEST: ChatRequest = { messages: [{ role: 'user', content: 'Well?' }], maxTokens: 50, temperature: 0 };

let endpoint: ChatEndpoint | undefined;
afterEach(() => endpoint?.close());

/** A double and a client of it; waits between attempts are noted and not waited for. */
async function set(options: Partial<ChatEndpointOptions> = {}, client: Partial<OpenAiChatOptions> = {}) {
  const started = await startChatEndpoint({ answer: () => '{"verdicts":[1,0]}', ...options });
  endpoint = started;
  const waits: number[] = [];
  const chat = createOpenAiChatClient({
    baseUrl: started.baseUrl,
    apiKey: null,
    model: started.model,
    sleep: async (ms) => void waits.push(ms),
    random: () => 0,
    clock: skippingClock(),
    ...client,
  });
  return { chat, calls: started.calls, waits, host: started.host, endpoint: started };
}

const failing = async (work: Promise<unknown>): Promise<AppError> => {
  const error: unknown = await work.then(
    () => expect.unreachable('the call should have failed'),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'AppError', code: 'upstream_failed' });
  return error as AppError;
};

/** Misbehaves on the first calls, in turn, then no more. */
const first =
  (...kinds: Misbehaviour[]) =>
  (call: number): Misbehaviour | null =>
    kinds[call] ?? null;

describe('a call', () => {
  it('sends model, messages, limits and schema, and brings back text, tokens and why it ended', async () => {
    const { chat, calls, host } = await set({ apiKey: KEY }, { apiKey: KEY });
    const reply = await chat.chat({ ...REQUEST, schema: SCHEMA });
    expect(calls[0]?.body).toEqual({
      model: 'double-1',
      messages: REQUEST.messages,
      max_tokens: 50,
      temperature: 0,
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'answer',
          strict: true,
          schema: {
            type: 'object',
            properties: { verdicts: { type: 'array', minItems: 2, maxItems: 2, items: { type: 'number', enum: [0, 1] } } },
            required: ['verdicts'],
            additionalProperties: false,
          },
        },
      },
    });
    expect(reply).toMatchObject({ text: '{"verdicts":[1,0]}', tokensIn: 2, tokensOut: 5, finishReason: 'stop', structured: true, temperature: 0 });
    expect(chat.endpoint).toBe(host);
  });

  it('carries nothing of another account that the environment holds', async () => {
    const before = { ...process.env };
    Object.assign(process.env, { OPENAI_API_KEY: KEY, OPENAI_ORG_ID: 'org-x', OPENAI_PROJECT_ID: 'proj-x', OPENAI_BASE_URL: 'http://127.0.0.1:9' });
    try {
      const { chat, calls } = await set();
      await chat.chat(REQUEST);
      expect(calls[0]?.authorization).toBeNull();
      expect(JSON.stringify(calls[0]?.headers)).not.toMatch(/sk-very|org-x|proj-x/);
    } finally {
      process.env = before;
    }
  });

  it('says when an answer was cut off, and takes an empty one as empty', async () => {
    const { chat } = await set({
      misbehave: first({ kind: 'truncated' }, { kind: 'body', body: '{"choices":[{"message":{"content":null},"finish_reason":"stop"}]}' }),
    });
    expect(await chat.chat(REQUEST)).toMatchObject({ text: '{"verdict', finishReason: 'length' });
    expect(await chat.chat(REQUEST)).toMatchObject({ text: '', tokensIn: null, tokensOut: null });
  });

  it('makes no more calls at once than it has slots', async () => {
    const { chat, endpoint: double } = await set({ misbehave: () => ({ kind: 'slow', ms: 100 }) }, { slots: 3 });
    await Promise.all(Array.from({ length: 12 }, () => chat.chat(REQUEST)));
    expect([double.peak, double.calls.length]).toEqual([3, 12]);
  });
});

describe('what endpoints do not take', () => {
  it('does without a schema where it is refused, and remembers', async () => {
    const { chat, calls } = await set({ schemas: false });
    const request = { ...REQUEST, schema: SCHEMA };
    expect(await chat.chat(request)).toMatchObject({ text: '{"verdicts":[1,0]}', structured: false });
    await chat.chat(request);
    expect(calls.map(({ body, status }) => ['response_format' in body, status])).toEqual([
      [true, 400],
      [false, 200],
      [false, 200],
    ]);
  });

  it('keeps the schema when the request was refused for another reason', async () => {
    const refused: Misbehaviour = { kind: 'status', status: 400, error: { message: 'context length exceeded', code: 'context_length_exceeded' } };
    const { chat, calls } = await set({ misbehave: first(refused, refused) });
    const error = await failing(chat.chat({ ...REQUEST, schema: SCHEMA }));
    expect([error.retryable, error.field]).toEqual([false, undefined]);
    expect(error.message).toContain('refused the request (HTTP 400). It said: 400 context length exceeded');
    await chat.chat({ ...REQUEST, schema: SCHEMA });
    expect(calls.map(({ body }) => 'response_format' in body)).toEqual([true, false, true]);
  });

  it('speaks to newer models as they want it, and says that the temperature was not taken', async () => {
    const { chat, calls } = await set({ refusedParameters: ['max_tokens', 'temperature'] });
    expect(await chat.chat({ ...REQUEST, schema: SCHEMA })).toMatchObject({ structured: true, temperature: null });
    await chat.chat(REQUEST);
    expect(calls.length).toBe(4);
    expect(calls.at(-1)?.body).toEqual({ model: 'double-1', messages: REQUEST.messages, max_completion_tokens: 50 });
  });
});

describe('a failing endpoint', () => {
  it.each<[string, Misbehaviour, number]>([
    ['429 with Retry-After', { kind: 'status', status: 429, headers: { 'retry-after': '3' } }, 3000],
    ['429', { kind: 'status', status: 429 }, 500],
    ['500', { kind: 'status', status: 500 }, 500],
    ['503 with a date', { kind: 'status', status: 503, headers: { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' } }, 0],
    ['a connection that is hung up', { kind: 'hang_up' }, 500],
    ['a connection cut in the middle of the body', { kind: 'cut' }, 500],
    ['half a JSON body', { kind: 'body', body: '{"choices":[' }, 500],
    ['a provider’s 502 wrapped in a 200', { kind: 'body', body: '{"error":{"code":502,"message":"Bad gateway"}}' }, 500],
  ])('is asked again after %s', async (_, misbehaviour, wait) => {
    const { chat, calls, waits } = await set({ misbehave: first(misbehaviour) });
    expect((await chat.chat(REQUEST)).text).toBe('{"verdicts":[1,0]}');
    expect([calls.length, waits]).toEqual([2, [wait]]);
  });

  it('is given up after six attempts, as something that may pass', async () => {
    const { chat, calls, waits, host } = await set({ misbehave: () => ({ kind: 'status', status: 503 }) });
    const error = await failing(chat.chat(REQUEST));
    expect(error.retryable).toBe(true);
    expect(error.message).toContain(`The language model double-1 at ${host} failed (HTTP 503, 6 attempts); try again later.`);
    expect([calls.length, waits]).toEqual([MAX_ATTEMPTS, [500, 1000, 2000, 4000, 8000]]);
  });

  it('is not waited for when it asks for an hour', async () => {
    const { chat, calls } = await set({ misbehave: () => ({ kind: 'status', status: 429, headers: { 'retry-after': '3600' } }) });
    expect((await failing(chat.chat(REQUEST))).retryable).toBe(true);
    expect(calls.length).toBe(1);
  });

  it('that never answers is asked twice', async () => {
    const { chat, calls } = await set({ misbehave: () => ({ kind: 'slow', ms: null }) }, { timeoutMs: 40 });
    const error = await failing(chat.chat(REQUEST));
    expect([calls.length, error.retryable]).toEqual([2, true]);
    expect(error.message).toContain('gave no whole answer within 0.04 s (2 attempts)');
  });

  it('that is not there is a sentence', async () => {
    const { chat, endpoint: double, host } = await set();
    await double.close();
    const error = await failing(chat.chat(REQUEST));
    expect(error.retryable).toBe(true);
    expect(error.message).toContain(`at ${host} could not be reached`);
  });

  it.each<[string, Partial<ChatEndpointOptions>, Partial<OpenAiChatOptions>, string, string]>([
    ['a wrong key', { apiKey: KEY }, { apiKey: 'sk-wrong-9876543210' }, 'LLM_API_KEY', 'refused the key (HTTP 401)'],
    ['no key', { apiKey: KEY }, {}, 'LLM_API_KEY', 'refused the key (HTTP 401)'],
    ['another model', {}, { model: 'double-2' }, 'LLM_MODEL', 'does not know the model'],
    [
      'an empty account',
      { misbehave: () => ({ kind: 'status', status: 429, error: { message: 'Pay', code: 'insufficient_quota' } }) },
      {},
      'LLM_API_KEY',
      'no credit left',
    ],
    ['a web page', { misbehave: () => ({ kind: 'body', body: '"<html>"' }) }, {}, 'LLM_BASE_URL', 'no chat completion'],
  ])('names the setting to change for %s, and does not insist', async (_, options, client, field, words) => {
    const { chat, calls } = await set(options, client);
    const error = await failing(chat.chat(REQUEST));
    expect([error.field, error.retryable, calls.length]).toEqual([field, false, 1]);
    expect(error.message).toContain(words);
  });

  it('never gets the key shown, though it quotes it', async () => {
    const { chat } = await set({ apiKey: KEY }, { apiKey: 'sk-wrong-9876543210' });
    const error = await failing(chat.chat(REQUEST));
    expect(error.message).toContain('Incorrect API key provided: [key]');
    expect(`${error.stack} ${String(error.cause)}`).not.toContain('sk-wrong');
  });
});

describe('stopping', () => {
  it.each<[string, Partial<ChatEndpointOptions>]>([
    ['while the answer is awaited', { misbehave: () => ({ kind: 'slow', ms: null }) }],
    ['between attempts', { misbehave: () => ({ kind: 'status', status: 500 }) }],
  ])('ends a call at once %s', async (_, options) => {
    const { chat, calls } = await set(options, {
      sleep: (_ms, signal) => new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('woken')))),
    });
    const stop = new AbortController();
    const call = chat.chat({ ...REQUEST, signal: stop.signal });
    while (calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort(new Error('shutting down'));
    await expect(call).rejects.toMatchObject({ code: 'cancelled', retryable: true });
    expect(calls.length).toBe(1);
  });

  it('makes no call when stopped before', async () => {
    const { chat, calls } = await set();
    await expect(chat.chat({ ...REQUEST, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
    expect(calls.length).toBe(0);
  });
});

it('is called by its host, and by its path where that is not the usual one', () => {
  const names = ['https://api.openai.com/v1/', 'http://localhost:8000', 'https://gate.example/team-a/v1', 'https://user:word@gate.example/team-b/v1?key=k'];
  expect(names.map(endpointName)).toEqual(['api.openai.com', 'localhost:8000', 'gate.example/team-a/v1', 'gate.example/team-b/v1']);
});
