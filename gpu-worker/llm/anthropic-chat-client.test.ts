import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import type { AppError } from '#lib/errors/app-error.ts';
import {
  startAnthropicEndpoint,
  type AnthropicEndpoint,
  type AnthropicEndpointOptions,
  type AnthropicMisbehaviour,
} from '#tests/doubles/anthropic-endpoint.ts';
import { skippingClock } from '#tests/doubles/clocks.ts';
import { createAnthropicChatClient } from './anthropic-chat-client.ts';
import type { ChatRequest } from './chat-client.ts';
import type { EndpointOptions } from './endpoint-calls.ts';

const KEY = 'sk-ant-api03-very-secret-0123456789';
const SCHEMA = { name: 'answer', schema: z.strictObject({ verdicts: z.array(z.literal([0, 1])).length(2) }) };
const RULES = 'Judge the texts. '.repeat(40);
const REQUEST: ChatRequest = {
  messages: [
    { role: 'system', content: RULES },
    { role: 'user', content: 'An example?' },
    { role: 'assistant', content: '{"verdicts":[0,0]}' },
    { role: 'user', content: 'Well?' },
  ],
  maxTokens: 50,
  temperature: 0,
};

let endpoint: AnthropicEndpoint | undefined;
afterEach(() => endpoint?.close());

async function set(options: Partial<AnthropicEndpointOptions> = {}, client: Partial<EndpointOptions> = {}) {
  endpoint = await startAnthropicEndpoint({ answer: () => '{"verdicts":[1,0]}', apiKey: KEY, ...options });
  const waits: number[] = [];
  const chat = createAnthropicChatClient({
    baseUrl: endpoint.baseUrl,
    apiKey: KEY,
    model: endpoint.model,
    sleep: async (ms) => void waits.push(ms),
    random: () => 0,
    clock: skippingClock(),
    ...client,
  });
  return { chat, calls: endpoint.calls, waits };
}

const first =
  (...kinds: AnthropicMisbehaviour[]) =>
  (call: number): AnthropicMisbehaviour | null =>
    kinds[call] ?? null;

const failing = async (work: Promise<unknown>): Promise<AppError> =>
  work.then(
    () => expect.unreachable('the call should have failed'),
    (reason: unknown) => reason as AppError,
  );

it('sends instructions apart, marks what is the same for all, and asks for the schema', async () => {
  const { chat, calls } = await set();
  const reply = await chat.chat({ ...REQUEST, schema: SCHEMA });
  expect(calls[0]?.body).toEqual({
    model: 'claude-double-1',
    max_tokens: 50,
    temperature: 0,
    system: [{ type: 'text', text: RULES, cache_control: { type: 'ephemeral' } }],
    messages: [
      { role: 'user', content: 'An example?' },
      { role: 'assistant', content: [{ type: 'text', text: '{"verdicts":[0,0]}', cache_control: { type: 'ephemeral' } }] },
      { role: 'user', content: 'Well?' },
    ],
    output_config: {
      format: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: { verdicts: { type: 'array', items: { type: 'number', enum: [0, 1] } } },
          required: ['verdicts'],
          additionalProperties: false,
        },
      },
    },
  });
  expect(calls[0]?.headers).toMatchObject({ authorization: `Bearer ${KEY}`, 'anthropic-version': expect.stringMatching(/^20\d\d-\d\d-\d\d$/) as string });
  expect(reply).toMatchObject({ text: '{"verdicts":[1,0]}', finishReason: 'stop', structured: true, temperature: 0, logprobs: null, tokensCached: 0 });
});

it('counts what the prefix cache gave as input, and says how much it was', async () => {
  const { chat } = await set();
  const written = await chat.chat(REQUEST);
  const read = await chat.chat({ ...REQUEST, messages: [...REQUEST.messages.slice(0, -1), { role: 'user', content: 'And this one?' }] });
  expect(written).toMatchObject({ tokensIn: 180, tokensCached: 0, tokensOut: 5 });
  expect(read).toMatchObject({ tokensIn: 182, tokensCached: 178 });
});

it('carries nothing of another account that the environment holds', async () => {
  const before = { ...process.env };
  Object.assign(process.env, {
    ANTHROPIC_API_KEY: 'sk-other',
    ANTHROPIC_AUTH_TOKEN: 'other',
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:9',
    ANTHROPIC_PROFILE: 'other',
  });
  try {
    const { chat, calls } = await set();
    await chat.chat(REQUEST);
    expect(JSON.stringify(calls[0]?.headers)).not.toContain('other');
  } finally {
    process.env = before;
  }
});

it('learns what the model refuses, and asks it no more', async () => {
  const { chat, calls } = await set({ schemas: false, temperature: false });
  const reply = await chat.chat({ ...REQUEST, schema: SCHEMA });
  expect(reply).toMatchObject({ structured: false, temperature: null });
  expect(calls.length).toBe(3);
  await chat.chat({ ...REQUEST, schema: SCHEMA });
  expect(calls.length).toBe(4);
});

it.each<[string, AnthropicMisbehaviour, number[]]>([
  ['its rate limit, for as long as it says', { kind: 'status', status: 429, type: 'rate_limit_error', headers: { 'retry-after': '7' } }, [7000]],
  ['its overload', { kind: 'status', status: 529, type: 'overloaded_error' }, [500]],
  ['its own failure', { kind: 'status', status: 500, type: 'api_error' }, [500]],
  ['a connection cut in the middle', { kind: 'cut' }, [500]],
  ['a connection closed before a word', { kind: 'hang_up' }, [500]],
])('waits out %s', async (_, misbehaviour, expected) => {
  const { chat, waits } = await set({ misbehave: first(misbehaviour) });
  expect((await chat.chat(REQUEST)).text).toBe('{"verdicts":[1,0]}');
  expect(waits).toEqual(expected);
});

it.each<[string, AnthropicMisbehaviour, string | undefined]>([
  ['an account without credit', { kind: 'status', status: 402, type: 'billing_error' }, 'LLM_API_KEY'],
  [
    'a spent monthly limit, which is a 429 as well',
    { kind: 'status', status: 429, type: 'rate_limit_error', details: { error_code: 'enforced_spend_limit_reached' } },
    'LLM_API_KEY',
  ],
  ['a request that it refuses', { kind: 'status', status: 400, type: 'invalid_request_error', message: 'prompt is too long' }, undefined],
])('does not repeat %s', async (_, misbehaviour, field) => {
  const { chat, calls } = await set({ misbehave: () => misbehaviour });
  expect(await failing(chat.chat(REQUEST))).toMatchObject({ code: 'upstream_failed', retryable: false, field });
  expect(calls.length).toBe(1);
});

it('says which model is not there, and never the key', async () => {
  const { chat } = await set({}, { model: 'claude-none' });
  expect(await failing(chat.chat(REQUEST))).toMatchObject({ field: 'LLM_MODEL' });
  const wrong = await set({ apiKey: 'sk-ant-right' });
  const error = await failing(wrong.chat.chat(REQUEST));
  expect(error).toMatchObject({ field: 'LLM_API_KEY', message: expect.stringContaining('[key]') as string });
  expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toContain(KEY);
});

it('says that an answer was cut off, or refused', async () => {
  const { chat } = await set({ misbehave: first({ kind: 'truncated' }, { kind: 'refusal' }) });
  expect(await chat.chat(REQUEST)).toMatchObject({ finishReason: 'length' });
  expect(await chat.chat(REQUEST)).toMatchObject({ finishReason: 'refusal', text: '' });
});

it('ends a call that hangs, and one that nobody wants any more', async () => {
  const { chat } = await set({ misbehave: () => ({ kind: 'slow', ms: null }) }, { timeoutMs: 50 });
  expect(await failing(chat.chat(REQUEST))).toMatchObject({ retryable: true, message: expect.stringContaining('within 0.05 s') as string });
  const stop = new AbortController();
  const call = failing(chat.chat({ ...REQUEST, signal: stop.signal }));
  stop.abort();
  expect(await call).toMatchObject({ code: 'cancelled' });
});
