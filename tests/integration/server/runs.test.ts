import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type RunConfigInput, runConfigSchema, runEventSchema, runSummarySchema } from '#lib/run/schema.ts';
import { type ApiCaller, createCaller } from '#server/api/router.ts';
import { ANONYMOUS } from '#server/access/actor.ts';
import { createApiKey } from '#server/auth/api-keys.ts';
import { createUser } from '#server/auth/users.ts';
import type { Server } from '#server/context.ts';
import { streamCurrentRun, streamRun } from '#server/http/run-streams.ts';
import { configHash } from '#server/runs/config-hash.ts';
import { openRunOf } from '#server/runs/start.ts';
import { withDatabase } from '#tests/integration/with-database.ts';
import { seedCoder } from './seed.ts';
import { SITE, testServer } from './test-server.ts';

let server: Server;
let admin: ApiCaller;
let adminId: string;
let key: string;
const config = { model: 'm', coder: 'wide', text: 'speeches', tokens: 20_000, explainers: ['lexical'] } satisfies RunConfigInput;

beforeAll(async () => {
  const database = await withDatabase();
  await seedCoder(database.pool, { model: 'm', coder: 'wide', latents: [] });
  await seedCoder(database.pool, { model: 'm', coder: 'other', latents: [] });
  server = await testServer(database);
  const user = await createUser(server, { email: 'a@example.org', name: 'A', password: 'correct horse battery', role: 'admin' });
  adminId = user.id;
  key = (await createApiKey(server.pool, { userId: adminId, name: 'k', scopes: ['admin'] })).key;
  admin = createCaller({ server, actor: { kind: 'session', user: { id: adminId, name: 'A', email: 'a@example.org', role: 'admin' } } });
});

beforeEach(async () => {
  await server.pool.query('update runs set cancelled_at = now() where finished_at is null and cancelled_at is null and failed_at is null');
});

describe('starting a run', () => {
  test('writes its row, its first event and its first task, with its message in the queue', async () => {
    const run = runSummarySchema.parse(await admin.admin.runs.start(config));
    expect(run).toMatchObject({ state: 'queued', model: 'm', coder: 'wide', text: 'speeches', config: { ...config, seed: 22, latents: 'all' } });
    expect(run.stages.map((stage) => stage.state)).toEqual(['waiting', 'waiting', 'waiting', 'waiting', 'waiting']);
    const rows = await server.pool.query('select config_hash, created_by_id from runs where id = $1', [run.id]);
    expect(rows.rows).toEqual([{ config_hash: configHash(runConfigSchema.parse(config)), created_by_id: adminId }]);
    const tasks = await server.pool.query<{ boss_job_id: string }>('select stage, job, payload, amount, boss_job_id from run_tasks where run_id = $1', [
      run.id,
    ]);
    expect(tasks.rows).toMatchObject([{ stage: 'collect', job: 'collect.prepare', payload: { runId: run.id }, amount: 20_000 }]);
    const messages = await server.pool.query('select name, state from pgboss.job where id = $1', [tasks.rows[0]!.boss_job_id]);
    expect(messages.rows).toEqual([{ name: 'cpu', state: 'created' }]);
    expect((await admin.admin.runs.events({ run: run.id })).events.map((event) => event.event)).toEqual(['run_queued']);
  });

  test('is told from going on with an interrupted one of the very same configuration', async () => {
    const same = runConfigSchema.parse(config);
    expect(await openRunOf(server.pool, same)).toBeNull();
    const run = await admin.admin.runs.start(config);
    expect(await openRunOf(server.pool, same)).toBe(run.id);
    expect(await openRunOf(server.pool, { ...same, seed: 23 })).toBeNull();
    expect(await openRunOf(server.pool, { ...same, coder: 'other' })).toBeNull();
    await admin.admin.runs.cancel({ run: run.id });
    expect(await openRunOf(server.pool, same)).toBeNull();
  });

  test.each([
    [{ model: 'nope' }, 'model', 'choose one of m'],
    [{ coder: 'nope' }, 'coder', 'choose one of other, wide'],
    [{ hookpoint: 'layers.9' }, 'hookpoint', 'choose one of layers.2'],
    [{ text: 'nope' }, 'text', 'choose one of speeches'],
    [{ explainers: ['lexical', 'llm'] }, 'explainers', 'set LLM_BASE_URL and LLM_MODEL'],
    [{ scorers: ['detection'] }, 'scorers', 'set LLM_BASE_URL and LLM_MODEL'],
    [{ scorers: [] }, 'scorers', 'at least one scorer'],
  ] satisfies [Partial<RunConfigInput>, string, string][])(
    'refuses %o, names the field and what there is, and leaves nothing behind',
    async (change, field, sentence) => {
      const before = await server.pool.query('select count(*) from runs');
      const refusal = admin.admin.runs.start({ ...config, ...change });
      await expect(refusal).rejects.toThrow(sentence);
      await expect(refusal).rejects.toMatchObject({ code: 'BAD_REQUEST', cause: { code: 'invalid_config', field } });
      expect((await server.pool.query('select count(*) from runs')).rows).toEqual(before.rows);
    },
  );

  test('takes what asks a language model where one is configured', async () => {
    const llm = {
      ...{ baseUrl: 'http://127.0.0.1:9/v1', apiKey: null, model: 'some-model', provider: 'openai' as const },
      ...{ slots: null, requestsPerMinute: null, tokensPerMinute: null, timeoutSeconds: null },
    };
    const configured = createCaller({
      server: { ...server, environment: { ...server.environment, llm } },
      actor: { kind: 'session', user: { id: adminId, name: 'A', email: 'a@example.org', role: 'admin' } },
    });
    expect(await configured.admin.runs.start({ ...config, explainers: ['llm'], scorers: ['detection'] })).toMatchObject({ state: 'queued' });
  });

  test('two requests at once start one run; the other is told which', async () => {
    const outcomes = await Promise.allSettled([
      admin.admin.runs.start(config),
      admin.admin.runs.start(config),
      admin.admin.runs.start({ ...config, coder: 'other' }),
    ]);
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(2);
    const refused = outcomes.find((outcome) => outcome.status === 'rejected');
    expect(refused?.reason).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(/Run (\d+) of “wide” is not over yet.*atlas run.*atlas cancel \1/),
    });
  });

  test('a queue that fails takes the run’s row with it', async () => {
    const broken = createCaller({
      server: { ...server, queue: { ...server.queue, enqueue: () => Promise.reject(new Error('queue is away')) } },
      actor: { kind: 'session', user: { id: adminId, name: 'A', email: 'a@example.org', role: 'admin' } },
    });
    const before = await server.pool.query('select count(*) from runs');
    await expect(broken.admin.runs.start(config)).rejects.toMatchObject({ code: 'INTERNAL_SERVER_ERROR' });
    expect((await server.pool.query('select count(*) from runs')).rows).toEqual(before.rows);
  });

  test('the form’s options are what can be started', async () => {
    const options = await admin.admin.runs.options({});
    expect(options.models).toEqual([
      {
        slug: 'm',
        name: 'M',
        coders: [
          { slug: 'other', name: 'other', width: 10, k: 4, inputHookpoints: ['layers.2'] },
          { slug: 'wide', name: 'wide', width: 10, k: 4, inputHookpoints: ['layers.2'] },
        ],
      },
    ]);
    expect(options).toMatchObject({ texts: [{ slug: 'speeches', name: 'Speeches', documents: 100, tokensPerDocument: null }], llm: null });
    const run = await admin.admin.runs.start(config);
    const packed = { tokens: 20_000, asked: 20_000, rows: 80, documents: { train: 2, test: 1, reserve: 1 } };
    await server.pool.query(`insert into run_events (run_id, level, stage, event, data) values ($1, 'info', 'collect', 'rows_packed', $2)`, [run.id, packed]);
    expect((await admin.admin.runs.options({})).texts).toMatchObject([{ slug: 'speeches', tokensPerDocument: 5000 }]);
  });
});

test('cancelling ends the run, takes its messages off the queue, and works once', async () => {
  const run = await admin.admin.runs.start(config);
  const cancelled = await admin.admin.runs.cancel({ run: run.id });
  expect(cancelled.state).toBe('cancelled');
  expect(cancelled.finishedAt).not.toBeNull();
  const messages = await server.pool.query(`select j.state from run_tasks t join pgboss.job j on j.id = t.boss_job_id::uuid where t.run_id = $1`, [run.id]);
  expect(messages.rows).toEqual([{ state: 'cancelled' }]);
  await expect(admin.admin.runs.cancel({ run: run.id })).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(admin.admin.runs.cancel({ run: '999999' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('runs are listed newest first and paged by id', async () => {
  const first = await admin.admin.runs.start(config);
  const second = await admin.admin.runs.start({ ...config, coder: 'other' });
  const { runs } = await admin.runs.list({ limit: 2 });
  expect(runs.map((run) => run.id)).toEqual([second.id, first.id]);
  expect((await admin.runs.list({ limit: 1, before: second.id })).runs.map((run) => run.id)).toEqual([first.id]);
  expect((await admin.runs.current({})).run?.id).toBe(first.id);
  expect((await admin.runs.current({ model: 'm', coder: 'other' })).run?.id).toBe(second.id);
  expect((await admin.runs.current({ model: 'another' })).run).toBeNull();
});

test('a second run says that it waits, and for which, until it is worked on itself', async () => {
  const first = await admin.admin.runs.start(config);
  const second = await admin.admin.runs.start({ ...config, coder: 'other' });
  const waits = async () => (await admin.admin.runs.list({ limit: 2 })).runs.map((run) => run.waitsFor);
  const take = async (runId: string, seconds: number) => {
    await server.pool.query('update runs set started_at = now() where id = $1', [runId]);
    await server.pool.query(`update run_tasks set lease_until = now() + $2 * interval '1 s' where run_id = $1`, [runId, seconds]);
  };
  expect(await waits()).toEqual([null, null]);
  await take(first.id, 20);
  expect(await waits()).toEqual([first.id, null]);
  expect((await createCaller({ server, actor: ANONYMOUS }).runs.get({ run: second.id })).waitsFor).toBe(first.id);
  // Begun, and put back by a worker that was stopped; its task stands behind the first one's.
  await take(second.id, -60);
  expect(await waits()).toEqual([first.id, null]);
  // The first one's is in another queue now: it is not what the second waits for.
  await server.pool.query(`update run_tasks set job = 'collect.shard' where run_id = $1`, [first.id]);
  expect(await waits()).toEqual([null, null]);
  const unserved = async () => (await admin.admin.runs.list({ limit: 2 })).runs.map((run) => run.unservedQueue);
  expect(await unserved()).toEqual(['cpu', null]);
  await server.pool.query(`update run_tasks set job = 'collect.prepare' where run_id = $1`, [first.id]);
  expect(await unserved()).toEqual([null, null]);
  await server.pool.query('update runs set finished_at = now() where id = $1', [first.id]);
  expect(await waits()).toEqual([null, null]);
});

test('progress adds up the tasks, and a failure is shown to admins only', async () => {
  const run = await admin.admin.runs.start(config);
  await server.pool.query(
    `update run_tasks set started_at = now() - interval '30 s', completed_at = now() - interval '20 s', result = '{}' where run_id = $1`,
    [run.id],
  );
  await server.pool.query(
    `insert into run_tasks (run_id, stage, job, ordinal, payload, unit, amount, progress, started_at, completed_at, result, boss_job_id) values
       ($1, 'collect', 'collect.shard', 0, '{}', 'tokens', 1000, 0, now() - interval '10 s', now(), '{}', gen_random_uuid()),
       ($1, 'collect', 'collect.shard', 1, '{}', 'tokens', 1000, 250, now() - interval '10 s', null, null, gen_random_uuid())`,
    [run.id],
  );
  const [collect] = (await admin.runs.get({ run: run.id })).stages;
  expect(collect).toMatchObject({ state: 'running', step: { number: 2, of: 7 }, unit: 'tokens', done: 1250, total: 2000 });
  expect(collect!.rate! / 125).toBeCloseTo(1, 1);
  expect(collect!.secondsLeft! / 6).toBeCloseTo(1, 1);
  await server.pool.query(
    `update runs set started_at = now(), failed_at = now(), failure = '{"code": "out_of_memory", "message": "at /home/x", "stage": "collect"}' where id = $1`,
    [run.id],
  );
  const anybody = createCaller({ server, actor: ANONYMOUS });
  expect(JSON.stringify(await anybody.runs.get({ run: run.id }))).not.toContain('/home/x');
  expect(await admin.admin.runs.get({ run: run.id })).toMatchObject({
    state: 'failed',
    failure: { code: 'out_of_memory', message: 'at /home/x', stage: 'collect' },
  });
});

describe('live', () => {
  interface Message {
    event: string;
    data: unknown;
    id: string | undefined;
  }

  /** Reads messages of a stream until `enough`, then leaves it. */
  async function read(response: Response, enough: (messages: Message[]) => boolean, leave: AbortController): Promise<Message[]> {
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const messages: Message[] = [];
    let text = '';
    const reader = response.body!.getReader();
    const decoder = new TextDecoder();
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      text += decoder.decode(chunk.value, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop()!;
      for (const block of blocks) {
        const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
        const event = field('event');
        if (event !== undefined) messages.push({ event, data: JSON.parse(field('data')!), id: field('id') });
      }
      if (enough(messages)) break;
    }
    await reader.cancel();
    leave.abort();
    return messages;
  }

  const request = (leave: AbortController, headers: Record<string, string> = {}): Request =>
    new Request(`${SITE}/api/runs`, { headers: { 'x-api-key': key, ...headers }, signal: leave.signal });
  const log = (runId: string, event: string): Promise<unknown> =>
    server.pool.query(`insert into run_events (run_id, level, event, data) values ($1, 'info', $2, '{}')`, [runId, event]);
  const logged = (messages: Message[]): Message[] => messages.filter((message) => message.event === 'log');

  test('a run’s stream gives its picture and its log at once, then what happens, and resumes after the last one seen', async () => {
    const run = await admin.admin.runs.start(config);
    await log(run.id, 'first');
    const leave = new AbortController();
    const response = await streamRun(server, request(leave), run.id);
    const reading = read(response, (messages) => logged(messages).length === 3, leave);
    await log(run.id, 'second');
    const messages = await reading;
    expect(runSummarySchema.parse(messages.find((message) => message.event === 'progress')?.data).id).toBe(run.id);
    const events = logged(messages).map((message) => runEventSchema.parse(message.data));
    expect(events.map((event) => event.event)).toEqual(['run_queued', 'first', 'second']);
    expect(logged(messages).map((message) => message.id)).toEqual(events.map((event) => event.id));

    await log(run.id, 'third');
    const back = new AbortController();
    const resumed = await read(await streamRun(server, request(back, { 'last-event-id': events[1]!.id }), run.id), (seen) => logged(seen).length === 2, back);
    expect(logged(resumed).map((message) => runEventSchema.parse(message.data).event)).toEqual(['second', 'third']);
    await expect(streamRun(server, request(back, { 'last-event-id': 'x' }), run.id)).rejects.toMatchObject({ code: 'bad_request' });
    await expect(streamRun(server, request(back), 'x')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('many watchers each hear everything once, whatever they had seen', async () => {
    const run = await admin.admin.runs.start(config);
    for (let i = 0; i < 5; i++) await log(run.id, `e${i}`);
    const { events } = await admin.admin.runs.events({ run: run.id });
    const watchers = events.map(async (_, seen) => {
      const leave = new AbortController();
      const stream = await streamRun(server, request(leave, seen === 0 ? {} : { 'last-event-id': events[seen - 1]!.id }), run.id);
      const messages = await read(stream, (all) => logged(all).length >= events.length - seen, leave);
      return logged(messages).map((message) => message.id);
    });
    expect(await Promise.all(watchers)).toEqual(events.map((_, seen) => events.slice(seen).map((event) => event.id)));
  });

  test('anybody may watch the current run’s progress, without its configuration, and hears when there is none', async () => {
    const leave = new AbortController();
    const stream = await streamCurrentRun(server, new Request(`${SITE}/api/runs/current/events`, { signal: leave.signal }));
    const seen: (string | null)[] = [];
    let started: Promise<{ id: string }> | null = null;
    const messages = await read(
      stream,
      (all) => {
        seen.splice(0, seen.length, ...all.map((message) => z.object({ id: z.string() }).nullable().parse(message.data)?.id ?? null));
        if (all.length === 1) started = admin.admin.runs.start(config);
        return all.length >= 2;
      },
      leave,
    );
    expect(seen).toEqual([null, (await started!).id]);
    expect(messages.every((message) => message.event === 'progress')).toBe(true);
    expect(messages[1]!.data).not.toHaveProperty('config');
  });

  test('a client that goes away is forgotten', async () => {
    const run = await admin.admin.runs.start(config);
    let reads = 0;
    const counting = { query: (...args: Parameters<typeof server.pool.query>) => ((reads += 1), server.pool.query(...args)) } as unknown as Server['pool'];
    const { createRunWatcher } = await import('#server/runs/watcher.ts');
    const watcher = createRunWatcher(counting, () => {}, 10);
    const stop = watcher.watchRun(run.id, '0', { onProgress: () => {}, onEvent: () => {} });
    await expect.poll(() => reads).toBeGreaterThan(6);
    stop();
    await new Promise((resolve) => setTimeout(resolve, 30));
    const settled = reads;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(reads).toBe(settled);
  });
});
