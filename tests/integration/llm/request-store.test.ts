import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAppError } from '#lib/errors/app-error.ts';
import type { ChatClient, ChatReply, ChatRequest } from '#gpu-worker/llm/chat-client.ts';
import { recordedChat } from '#gpu-worker/llm/recorded-chat.ts';
import { requestHash, requestText } from '#gpu-worker/llm/request-hash.ts';
import { claimRequests, spentBy, type BudgetCaps } from '#gpu-worker/llm/requests/claims.ts';
import { deleteRecords, packRecords } from '#gpu-worker/llm/requests/raw-records.ts';
import { createRequestStore, type RequestStore } from '#gpu-worker/llm/requests/request-store.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { scriptedChat, UPSTREAM } from '#tests/doubles/scripted-chat.ts';
import { withDatabase } from '#tests/integration/with-database.ts';

const { pool } = await withDatabase({ max: 20 });
const artifacts = memoryArtifacts();
const stores: RequestStore[] = [];
const open = (workerId = `w${stores.length}`): RequestStore => {
  const store = createRequestStore({
    pool,
    artifacts,
    workerId,
    onError: (error) => {
      throw error;
    },
  });
  stores.push(store);
  return store;
};
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
});

let runId: string;
beforeEach(async () => {
  artifacts.files.clear();
  await pool.query('TRUNCATE llm_requests, llm_raw_batches, llm_run_usage, runs, models, text_sources CASCADE');
  runId = await newRun();
});

async function newRun(): Promise<string> {
  const model = await pool.query(
    `INSERT INTO models (slug, name, family, location, revision, layers, width, vocabulary, context_length, parameters)
     VALUES ('m' || (random() * 1e9)::int, 'm', 'f', 'l', 'r', 1, 1, 1, 1, 1) RETURNING id::text`,
  );
  const coder = await pool.query(
    `INSERT INTO sparse_coders (model_id, slug, name, location, revision, format, activation, width, input_hookpoints, output_hookpoints) VALUES ($1, 'c', 'c', 'l', 'r', 'f', 'topk', 8, '{layers.0}', '{layers.0}') RETURNING id::text`,
    [model.rows[0].id],
  );
  const text = await pool.query(
    `INSERT INTO text_sources (slug, name, location, revision, documents) VALUES ('t' || (random() * 1e9)::int, 't', 'l', 'r', 1) RETURNING id::text`,
  );
  const run = await pool.query(
    `INSERT INTO runs (config, config_hash, model_id, coder_id, text_source_id, protocol) VALUES ('{}', 'h', $1, $2, $3, 'atlas') RETURNING id::text`,
    [model.rows[0].id, coder.rows[0].id, text.rows[0].id],
  );
  return run.rows[0].id as string;
}

const ask = (n: number, more: Partial<ChatRequest> = {}): ChatRequest => ({
  messages: [
    { role: 'system', content: 'Answer.' },
    { role: 'user', content: `Question ${n}? ünïcödé ${'—'.repeat(n % 7)}` },
  ],
  maxTokens: 100,
  temperature: 0,
  purpose: 'explain',
  ...more,
});
const PRICE = { in: 1, cached: 0.1, out: 2 };
/** One process: its own store and its own client, as each worker has. */
const worker = (inner: ChatClient, caps: BudgetCaps | null = null, run: string | null = runId): ChatClient =>
  recordedChat({ chat: inner, store: open(), runId: run, caps, price: PRICE });
const answering = (slots = 8) => scriptedChat(({ messages }) => ({ text: `To: ${messages.at(-1)?.content}`, tokensIn: 100, tokensOut: 10 }), slots);
const rowOf = async (request: ChatRequest, chat: ChatClient) =>
  (await pool.query('SELECT * FROM llm_requests WHERE hash = $1', [Buffer.from(requestHash(requestText(chat, request)), 'hex')])).rows[0];

describe('the same request', () => {
  it('is made once, by whichever of three workers comes first, and answered alike to all', async () => {
    const inner = answering();
    const workers = [worker(inner), worker(inner), worker(inner)];
    const replies = await Promise.all(workers.flatMap((chat) => Array.from({ length: 40 }, (_, n) => chat.chat(ask(n)))));
    expect(inner.requests.length).toBe(40);
    expect(new Set(inner.requests.map(({ messages }) => messages.at(-1)?.content)).size).toBe(40);
    for (const [i, reply] of replies.entries())
      expect(reply).toMatchObject({ text: `To: ${ask(i % 40).messages.at(-1)?.content}`, tokensIn: 100, cost: 0.00012 });
    expect(replies.filter(({ fromCache }) => !fromCache).length).toBe(40);
    await Promise.all(stores.map((store) => store.close()));
    const { rows } = await pool.query(
      'SELECT purpose, calls::int, reused::int, tokens_in::int AS "in", cost, unpriced::int FROM llm_run_usage WHERE run_id = $1',
      [runId],
    );
    expect(rows).toEqual([{ purpose: 'explain', calls: 40, reused: 80, in: 4000, cost: expect.closeTo(0.0048, 12) as number, unpriced: 0 }]);
  });

  it('is another one with another word, model, limit, temperature, schema, seed or attempt', async () => {
    const chat = { model: 'm', endpoint: 'e' };
    const base = ask(1);
    const others = [
      base,
      { ...base, messages: [...base.messages, { role: 'assistant' as const, content: '' }] },
      { ...base, maxTokens: 101 },
      { ...base, temperature: 0.1 },
      { ...base, seed: 0 },
      { ...base, attempt: 1 },
      { ...base, logprobs: { top: 0 } },
    ];
    const texts = [
      ...others.map((request) => requestText(chat, request)),
      requestText({ ...chat, model: 'n' }, base),
      requestText({ ...chat, endpoint: 'f' }, base),
    ];
    expect(new Set(texts.map(requestHash)).size).toBe(texts.length);
    expect(requestText(chat, { ...base, purpose: 'other', signal: new AbortController().signal })).toBe(texts[0]);
  });

  it('is free again when its call failed, and when its holder died', async () => {
    const inner = scriptedChat((_, call) => (call === 0 ? UPSTREAM.down : 'yes'));
    const chat = worker(inner);
    await expect(chat.chat(ask(1))).rejects.toBe(UPSTREAM.down);
    expect(await rowOf(ask(1), chat)).toBeUndefined();
    const hash = requestHash(requestText(chat, ask(2)));
    const wanted = { hash, model: 'm', endpoint: 'e', purpose: 'p', runId: null, promptCharacters: 1, reservedTokens: 1, reservedCost: 0, caps: null };
    expect(await claimRequests(pool, 'dead/1', [wanted])).toEqual([{ kind: 'claimed', fence: 1 }]);
    expect(await claimRequests(pool, 'other/1', [wanted])).toEqual([{ kind: 'busy' }]);
    await pool.query(`UPDATE llm_requests SET claim_until = now() - interval '1 s'`);
    expect((await chat.chat(ask(2))).text).toBe('yes');
    expect(await rowOf(ask(2), chat)).toMatchObject({ claim_fence: 2, claim_owner: null, reserved_tokens: 0 });
  });

  it('of a dead worker is taken back at once by one that starts under its name', async () => {
    const chat = { model: 'scripted-1', endpoint: 'nowhere:1' };
    const hash = requestHash(requestText(chat, ask(3)));
    await claimRequests(pool, 'gpu-7/before', [
      { hash, ...chat, purpose: 'p', runId: null, promptCharacters: 1, reservedTokens: 1, reservedCost: 0, caps: null },
    ]);
    const again = recordedChat({ chat: answering(), store: open('gpu-7'), runId: null, caps: null, price: null });
    expect(await again.chat(ask(3))).toMatchObject({ fromCache: false, cost: null });
  });

  it('an answer that comes after the claim was taken over is not stored over the other', async () => {
    let answerFirst = (): void => undefined;
    const slow: ChatClient = {
      ...answering(),
      chat: (request) =>
        new Promise<ChatReply>((resolve) => {
          answerFirst = () =>
            void answering()
              .chat(request)
              .then((reply) => resolve({ ...reply, text: 'late' }));
        }),
    };
    const late = worker(slow).chat(ask(4));
    await expect.poll(() => rowOf(ask(4), slow)).toBeDefined();
    await pool.query(`UPDATE llm_requests SET claim_until = now() - interval '1 s'`);
    const other = await worker(answering()).chat(ask(4));
    answerFirst();
    expect((await late).text).toBe('late');
    expect(await worker(answering()).chat(ask(4))).toMatchObject({ text: other.text, fromCache: true });
  });

  it('goes past the store when told to, and is counted all the same', async () => {
    const inner = scriptedChat((_, call) => `answer ${call}`);
    const chat = worker(inner);
    await chat.chat(ask(5));
    expect(await chat.chat(ask(5, { cache: 'bypass' }))).toMatchObject({ text: 'answer 1', fromCache: false, rawKey: null });
    expect(await chat.chat(ask(5))).toMatchObject({ text: 'answer 0', fromCache: true });
    expect((await pool.query('SELECT calls::int FROM llm_run_usage')).rows).toEqual([{ calls: 2 }]);
  });
});

describe('prompts and answers', () => {
  const rows = async () =>
    (await pool.query('SELECT count(*) FILTER (WHERE bytes IS NOT NULL)::int AS here, count(artifact)::int AS packed FROM llm_raw_batches')).rows[0];

  it('go into packs, from which they are read as they were, and of which some can be deleted for good', async () => {
    const inner = answering();
    const chat = worker(inner);
    await Promise.all(Array.from({ length: 60 }, (_, n) => chat.chat(ask(n))));
    expect((await rows()).packed).toBe(0);
    while ((await packRecords(pool, artifacts, 1)) > 0);
    expect((await rows()).here).toBe(0);
    const fresh = worker(inner);
    for (const n of [0, 17, 59]) expect(await fresh.chat(ask(n))).toMatchObject({ fromCache: true, text: `To: ${ask(n).messages.at(-1)?.content}` });
    expect(inner.requests.length).toBe(60);

    const hashes = [3, 17].map((n) => requestHash(requestText(chat, ask(n))));
    const before = await artifacts.list('llm/raw');
    expect(await deleteRecords(pool, artifacts, hashes)).toBe(2);
    expect(await deleteRecords(pool, artifacts, hashes)).toBe(0);
    expect((await artifacts.list('llm/raw')).filter((key) => before.includes(key))).toEqual([]);
    const again = worker(inner);
    for (const n of [0, 16, 18, 59]) expect(await again.chat(ask(n))).toMatchObject({ fromCache: true, text: `To: ${ask(n).messages.at(-1)?.content}` });
    expect(await again.chat(ask(17))).toMatchObject({ fromCache: false });
    expect(inner.requests.length).toBe(61);
  });

  it('are deleted before they are packed, too', async () => {
    const inner = answering();
    const chat = worker(inner);
    await Promise.all([1, 2, 3].map((n) => chat.chat(ask(n))));
    await deleteRecords(pool, artifacts, [requestHash(requestText(chat, ask(2)))]);
    const { rows: batches } = await pool.query<{ bytes: Buffer }>('SELECT bytes FROM llm_raw_batches');
    const text = batches.map(({ bytes }) => bytes.toString()).join('');
    expect([text.includes('Question 1?'), text.includes('Question 2?'), text.includes('Question 3?')]).toEqual([true, false, true]);
    expect((await worker(inner).chat(ask(3))).fromCache).toBe(true);
  });
});

describe('a budget', () => {
  it('in tokens stops new calls of all workers together before it is overdrawn, and keeps what was paid for', async () => {
    const caps = { usd: null, tokens: 2000 };
    const inner = answering();
    const workers = [worker(inner, caps), worker(inner, caps)];
    const outcomes = await Promise.allSettled(workers.flatMap((chat, w) => Array.from({ length: 30 }, (_, n) => chat.chat(ask(100 * w + n)))));
    const done = outcomes.filter(({ status }) => status === 'fulfilled').length;
    const spent = await spentBy(pool, runId);
    expect(spent).toEqual({ usd: expect.closeTo(done * 0.00012, 9) as number, tokens: done * 110, reservedUsd: 0, reservedTokens: 0 });
    expect(spent.tokens).toBeLessThanOrEqual(2000);
    // A call may take 130 by the guess: the last that fits is made.
    expect(spent.tokens).toBeGreaterThan(2000 - 150);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(isAppError(outcome.reason) && outcome.reason.code).toBe('budget_spent');
    }
    expect(inner.requests.length).toBe(done);
    expect((await pool.query('SELECT count(*)::int AS n FROM llm_requests WHERE answered_at IS NULL')).rows[0].n).toBe(0);
  });

  it('is charged with the most that a call can take where the endpoint does not say what it took', async () => {
    const inner = scriptedChat(() => ({ text: 'Yes.', tokensIn: null, tokensOut: null }), 8);
    const chat = worker(inner, { usd: null, tokens: 1000 });
    const outcomes = await Promise.allSettled(Array.from({ length: 30 }, (_, n) => chat.chat(ask(n))));
    const done = outcomes.filter(({ status }) => status === 'fulfilled').length;
    expect(done).toBeGreaterThan(5);
    expect(done).toBeLessThan(10);
    expect((await spentBy(pool, runId)).tokens).toBeLessThanOrEqual(1000);
    const { rows } = await pool.query('SELECT uncounted::int, unpriced::int FROM llm_run_usage WHERE run_id = $1', [runId]);
    expect(rows).toEqual([{ uncounted: done, unpriced: done }]);
    // What is said of the call itself stays unknown.
    expect((await chat.chat(ask(0))).tokensIn).toBeNull();
  });

  it('in money says what was spent, and lets pass what was paid for before', async () => {
    const inner = answering();
    const caps = { usd: 0.0005, tokens: null };
    const chat = worker(inner, caps);
    await chat.chat(ask(1));
    await chat.chat(ask(2));
    await expect(Promise.all([3, 4, 5].map((n) => chat.chat(ask(n))))).rejects.toThrow(/spent \$0\.000\d+ of \$0\.0005.*raise budget/);
    expect((await chat.chat(ask(1))).fromCache).toBe(true);
    const next = await newRun();
    expect((await worker(inner, { usd: 0, tokens: null }, next).chat(ask(2))).fromCache).toBe(true);
    await expect(worker(inner, { usd: 0, tokens: null }, next).chat(ask(99))).rejects.toMatchObject({ code: 'budget_spent', field: 'budget' });
  });
});
