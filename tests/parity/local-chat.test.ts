import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createLocalChatClient, type LocalChatClient } from '#gpu-worker/llm/local-chat-client.ts';
import type { ChatRequest } from '#gpu-worker/llm/chat-client.ts';
import { openCachedDecoder } from '#gpu-worker/model/cached-decoder.ts';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import { generate } from '#gpu-worker/model/generate.ts';
import { sampleToken } from '#gpu-worker/model/sampling.ts';
import { rngFor } from '#lib/random/rng.ts';
import { createPrefixDecoder } from '#gpu-worker/model/prefix-decoder.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import { GOLDEN } from './golden.ts';

const DEMO = join(import.meta.dirname, '..', '..', 'models', 'presidents-4m');
// As Gemma's: no system role.
const TEMPLATE =
  "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{{ m['role'] + ': ' + m['content'] + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}";

let work: string;
const clients: LocalChatClient[] = [];
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'local-chat-'));
  await cp(DEMO, work, { recursive: true });
  const config = JSON.parse(await readFile(join(work, 'tokenizer_config.json'), 'utf8')) as Record<string, unknown>;
  await writeFile(join(work, 'tokenizer_config.json'), JSON.stringify({ ...config, chat_template: TEMPLATE }));
});
afterAll(async () => {
  for (const client of clients) await client.close();
  await rm(work, { recursive: true });
});

function client(dir = work): LocalChatClient {
  const made = createLocalChatClient({ model: dir, locate: (model) => Promise.resolve(model), threads: 1 });
  clients.push(made);
  return made;
}
const ask = (content: string, more: Partial<ChatRequest> = {}): ChatRequest => ({
  messages: [{ role: 'user', content }],
  maxTokens: 10,
  temperature: 0,
  ...more,
});

describe('the local language model', () => {
  test('answers as plain generation does, whatever it was asked before, and says what it cost', async () => {
    const chat = client();
    const questions = ['What of the harbours?', 'What of the railways and the post?', 'What of the harbours?', 'Speak.'];
    const replies = await Promise.all(questions.map((question) => chat.chat(ask(question))));
    const [checkpoint, tokenizer] = [await openCheckpoint(work), await openTokenizer(work)];
    const decoder = await openCachedDecoder({ checkpoint, threads: 1 });
    for (const [i, question] of questions.entries()) {
      const prompt = tokenizer.encode(`user: ${question}\nassistant: `);
      const [tokens] = await generate(decoder, [prompt], { maxTokens: 10 });
      expect(replies[i]).toMatchObject({ text: tokenizer.decode(tokens!), tokensIn: prompt.length, tokensOut: tokens!.length, structured: false });
    }
    await decoder.close();
    // The second begins as the first does, and takes its place.
    const [first, second] = questions.map((question) => tokenizer.encode(`user: ${question}\nassistant: `)) as [Int32Array, Int32Array];
    const shared = first.findIndex((id, at) => id !== second[at]);
    expect(shared).toBeGreaterThan(first.length / 4);
    expect(replies.slice(0, 3).map(({ tokensCached }) => tokensCached)).toEqual([0, shared, shared]);
    expect(replies[0]!.finishReason).toMatch(/^(?:stop|length)$/);
  });

  test('instructions go before the question where the template knows no system role', async () => {
    const chat = client();
    const reply = await chat.chat({
      ...ask(''),
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Speak.' },
      ],
    });
    expect(reply).toMatchObject({ text: (await chat.chat(ask('Be brief.\n\nSpeak.'))).text });
  });

  test('is held to the form of the answer, and says by what odds it chose', async () => {
    const chat = client();
    const schema = z.strictObject({ verdicts: z.array(z.literal([0, 1])).length(3), explanation: z.string() });
    const reply = await chat.chat(ask('Speak.', { maxTokens: 60, schema: { name: 'form', schema }, logprobs: { top: 2 } }));
    expect(reply.structured).toBe(true);
    expect(reply.text).toMatch(/^\{"verdicts":\[[01],[01],[01]\],"explanation":"/);
    // The odds of the first verdict, from a plain pass over what stands before it.
    const [checkpoint, tokenizer] = [await openCheckpoint(work), await openTokenizer(work)];
    const decoder = await openCachedDecoder({ checkpoint, threads: 1 });
    const ids = tokenizer.encode('user: Speak.\nassistant: ');
    const before = [...ids, ...tokenizer.encode('{"verdicts":[')];
    const { logits } = await decoder.forward(decoder.start(Int32Array.of(0)), Int32Array.from(before), [before.length - 1]);
    const [zero, one] = ['0', '1'].map((digit) => Math.exp(logits[tokenizer.encode(digit)[0]!]!));
    const choice = reply.logprobs!.find(({ top }) => top.length === 2)!;
    const odds = { '0': zero! / (zero! + one!), '1': one! / (zero! + one!) }[choice.token];
    expect(Math.exp(choice.logprob)).toBeCloseTo(odds!, 5);
    await decoder.close();
  });

  test('draws are the same for the same conversation', async () => {
    const chat = client();
    const drawn = await Promise.all(Array.from({ length: 3 }, () => chat.chat(ask('Speak.', { temperature: 1, maxTokens: 16 }))));
    expect(new Set(drawn.map(({ text }) => text)).size).toBe(1);
  });

  test('a call can be stopped while it waits and while it runs', async () => {
    const chat = client();
    const [running, waiting] = [new AbortController(), new AbortController()];
    const first = chat.chat(ask('Speak at length.', { maxTokens: 200, signal: running.signal }));
    const second = chat.chat(ask('And you?', { signal: waiting.signal }));
    waiting.abort();
    await expect(second).rejects.toMatchObject({ code: 'cancelled' });
    running.abort();
    await expect(first).rejects.toMatchObject({ code: 'cancelled' });
    expect((await chat.chat(ask('Speak.'))).tokensOut).toBeGreaterThan(0);
  });

  test('what cannot be opened is the setting’s fault; what does not fit is the call’s', async () => {
    await expect(client(DEMO).chat(ask('x'))).rejects.toMatchObject({
      code: 'upstream_failed',
      field: 'LLM_MODEL',
      message: expect.stringContaining('chat template') as string,
    });
    await expect(client(join(work, 'none')).chat(ask('x'))).rejects.toMatchObject({ code: 'upstream_failed', field: 'LLM_MODEL' });
    const long = client().chat(ask('the '.repeat(400)));
    await expect(long).rejects.toMatchObject({
      code: 'upstream_failed',
      field: undefined,
      retryable: false,
      message: expect.stringContaining('context of 256') as string,
    });
  });
});

test.each(['mistral', 'gemma3-text', 'gpt2', 'llama-dynamic', 'gpt-neo'])(
  '%s continues a prompt the same whether its beginning was read before or not',
  async (name) => {
    const checkpoint = await openCheckpoint(join(GOLDEN, 'models', name));
    const cached = await openCachedDecoder({ checkpoint, threads: 1 });
    const decoder = createPrefixDecoder(cached);
    const greedy = async (ids: Int32Array) => {
      const reading = await decoder.read(ids);
      const tokens: number[] = [];
      for (let i = 0; i < 6; i++) {
        tokens.push(sampleToken(reading.logits, { temperature: 0, topP: 1 }, rngFor('greedy')));
        await reading.write(tokens.slice(-1));
      }
      return { tokens, reused: reading.reused };
    };
    const prompt = Int32Array.from({ length: 13 }, (_, i) => (i * 37 + 11) % checkpoint.vocabSize);
    const other = prompt.slice();
    other[8] = (other[8]! + 1) % checkpoint.vocabSize;
    const [expected] = await generate(cached, [prompt], { maxTokens: 6, stopIds: [] });
    expect((await greedy(prompt)).tokens).toEqual([...expected!]);
    await greedy(other);
    const again = await greedy(prompt);
    expect(again.tokens).toEqual([...expected!]);
    expect(again.reused).toBe(name === 'llama-dynamic' ? 0 : 8);
    // Prompts of other kinds between do not make it forget.
    for (let kind = 1; kind <= 3; kind++) await greedy(prompt.map((id) => (id + kind) % checkpoint.vocabSize));
    const later = await greedy(prompt);
    expect(later).toEqual({ tokens: [...expected!], reused: name === 'llama-dynamic' ? 0 : 12 });
    // But it does not keep them for ever.
    for (let kind = 1; kind <= 4; kind++) await greedy(prompt.map((id) => (id + kind) % checkpoint.vocabSize));
    expect(await greedy(prompt)).toEqual({ tokens: [...expected!], reused: 0 });
    await cached.close();
  },
);

test.each(['mistral', 'gemma3-text', 'gpt2', 'llama-dynamic', 'gpt-neo'])('%s writes on the same whatever it was told to expect', async (name) => {
  const checkpoint = await openCheckpoint(join(GOLDEN, 'models', name));
  const cached = await openCachedDecoder({ checkpoint, threads: 1 });
  const passes: number[] = [];
  const decoder = createPrefixDecoder({
    ...cached,
    forward: (cache, ids, ...rest) => {
      passes.push(ids.length);
      return cached.forward(cache, ids, ...rest);
    },
  });
  const prompt = Int32Array.from({ length: 13 }, (_, i) => (i * 37 + 11) % checkpoint.vocabSize);
  const answer = [5, 9, 2, 7, 7, 1];
  const logitsAfterEach = async (likely: (at: number) => number[]): Promise<number[][]> => {
    const reading = await decoder.read(prompt);
    const out: number[][] = [];
    for (let i = 0; i < answer.length; i += 2) {
      await reading.write(answer.slice(i, i + 2), likely(i + 2));
      out.push([...reading.logits]);
      expect(reading.room).toBe(checkpoint.contextLength - prompt.length - i - 2);
    }
    return out;
  };
  const plain = await logitsAfterEach(() => []);
  const plainPasses = passes.splice(0).length;
  for (const [likely, saved] of [
    [(at: number) => answer.slice(at), 2],
    [(at: number) => answer.map((id) => (id + 1) % checkpoint.vocabSize).slice(at), 0],
    [(at: number) => [...answer.slice(at, at + 1), 3, 3, 3], 0],
  ] as const) {
    const read = await logitsAfterEach(likely);
    expect(plainPasses - passes.splice(0).length).toBe(name === 'llama-dynamic' ? 0 : saved);
    for (const [i, logits] of read.entries()) for (const [j, logit] of logits.entries()) expect(Math.abs(logit - plain[i]![j]!)).toBeLessThan(1e-4);
  }
  await cached.close();
});
