import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { AppError } from '#lib/errors/app-error.ts';
import { transaction } from '#platform/database/transaction.ts';
import { createTaskQueue, type TaskQueue, type TaskQueueOptions } from '#platform/queue/task-queue.ts';
import type { QueueHooks, StuckTask, TaskContext } from '#platform/queue/types.ts';
import { withDatabase } from '#tests/integration/with-database.ts';
import { handlersOf, indexTasks, makeRun, silent } from './fixtures.ts';

const { pool, url } = await withDatabase({ max: 20 });
const noHooks: QueueHooks = { advance: async () => undefined };

let queues: TaskQueue[] = [];
let runId: bigint;
beforeAll(async () => {
  await pool.query('CREATE TABLE written (task bigint, fence int)');
});
beforeEach(async () => {
  runId = await makeRun(pool);
});
afterEach(async () => {
  await Promise.all(queues.map((queue) => queue.stop()));
  queues = [];
  await pool.query('TRUNCATE written');
  await pool.query('DELETE FROM pgboss.job');
});

function newQueue(workerId = 'w', options: Pick<TaskQueueOptions, 'onStuck' | 'graceMs'> = {}): TaskQueue {
  const queue = createTaskQueue({ pool, log: silent, workerId, ...options });
  queues.push(queue);
  return queue;
}

const enqueue = (queue: TaskQueue, count = 1) => transaction(pool, (client) => queue.enqueue(client, indexTasks(runId, count)));

async function write(context: TaskContext): Promise<void> {
  await context.commit(async (client) => {
    await client.query('INSERT INTO written VALUES ($1, $2)', [String(context.taskId), context.fence]);
    return { ok: true };
  });
}

const until = <Result>(check: () => Promise<Result>) => vi.waitFor(check, { timeout: 20_000, interval: 50 });
const tasks = async () => (await pool.query('SELECT * FROM run_tasks WHERE run_id = $1 ORDER BY ordinal', [String(runId)])).rows;
const messages = async () => (await pool.query('SELECT state, retry_count, started_on FROM pgboss.job ORDER BY id')).rows;
const run = async () => (await pool.query('SELECT * FROM runs WHERE id = $1', [String(runId)])).rows[0];
const writings = async () => (await pool.query('SELECT * FROM written')).rows;
const events = async () => (await pool.query('SELECT event FROM run_events WHERE run_id = $1 ORDER BY id', [String(runId)])).rows.map(({ event }) => event);
/** Let a message that waits for its next attempt be due now. */
const hurry = () => pool.query(`UPDATE pgboss.job SET start_after = now() - interval '1 s' WHERE state = 'retry'`);
const lapse = () => pool.query(`UPDATE run_tasks SET lease_until = now() - interval '1 s' WHERE run_id = $1`, [String(runId)]);

function deferred<T = void>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((r) => (resolve = r));
  return { promise, resolve };
}

test('queueing is part of the caller’s transaction and happens once', async () => {
  const queue = newQueue();
  await expect(
    transaction(pool, async (client) => {
      await queue.enqueue(client, indexTasks(runId, 3));
      throw new Error('changed my mind');
    }),
  ).rejects.toThrow('changed my mind');
  expect([await tasks(), await messages()]).toEqual([[], []]);
  await enqueue(queue, 3);
  await enqueue(queue, 4);
  expect((await tasks()).map(({ ordinal, stage, job }) => [ordinal, stage, job])).toEqual([0, 1, 2, 3].map((n) => [n, 'index', 'index.latents']));
  expect(await messages()).toHaveLength(4);
});

test('a payload that breaks its contract is not queued', async () => {
  const [task] = indexTasks(runId, 1);
  const broken = { ...task!, payload: { runId: String(runId), latents: [0.5] } };
  await expect(transaction(pool, (client) => newQueue().enqueue(client, [broken]))).rejects.toThrow();
  expect(await tasks()).toEqual([]);
});

test('a task is taken, worked on, committed and followed by the next, with the run locked', async () => {
  const queue = newQueue();
  await enqueue(queue);
  const advanced: unknown[] = [];
  const hooks: QueueHooks = {
    async advance(client, id, job) {
      const { rows } = await client.query('SELECT completed_at IS NOT NULL AS complete FROM run_tasks WHERE run_id = $1', [String(id)]);
      // NOWAIT from another connection: the run's row is locked while the next tasks are decided.
      const locked = await pool.query('SELECT 1 FROM runs WHERE id = $1 FOR UPDATE NOWAIT', [String(id)]).catch((error: Error) => error.message);
      advanced.push([id, job, rows, locked]);
    },
  };
  await queue.work('cpu', { concurrency: 1 }, handlersOf({ 'index.latents': (_, context) => write(context) }), hooks);
  await until(async () => expect(advanced).toHaveLength(1));
  expect(advanced[0]).toEqual([runId, 'index.latents', [{ complete: true }], expect.stringContaining('could not obtain lock')]);
  await until(async () => expect(await messages()).toMatchObject([{ state: 'completed' }]));
  expect(await tasks()).toMatchObject([{ fence: 1, progress: 10, result: { ok: true }, lease_until: null, completed_at: expect.any(Date) }]);
  expect((await run()).started_at).toBeInstanceOf(Date);
  expect(await events()).toEqual(['run_started', 'stage_started']);
});

test('what advance throws undoes the commit', async () => {
  const queue = newQueue();
  await enqueue(queue);
  const hooks: QueueHooks = {
    advance: async () => {
      throw new AppError('invalid_config', 'there is no next stage');
    },
  };
  await queue.work('cpu', { concurrency: 1 }, handlersOf({ 'index.latents': (_, context) => write(context) }), hooks);
  await until(async () => expect((await run()).failure).toEqual({ code: 'invalid_config', message: 'there is no next stage', stage: 'index' }));
  expect(await writings()).toEqual([]);
});

test('a task delivered twice writes once', async () => {
  const queue = newQueue();
  await enqueue(queue);
  await pool.query(`INSERT INTO pgboss.job (name, data, retry_limit) SELECT name, data, 3 FROM pgboss.job`);
  const go = deferred();
  let taken = 0;
  const handlers = handlersOf({
    'index.latents': async (_, context) => {
      taken++;
      await go.promise;
      await write(context);
    },
  });
  await queue.work('cpu', { concurrency: 2 }, handlers, noHooks);
  // The second delivery finds a live lease, is put back for later and costs no attempt.
  await until(async () =>
    expect((await messages()).map(({ state, retry_count }) => [state, retry_count]).sort()).toEqual([
      ['active', 0],
      ['retry', 0],
    ]),
  );
  go.resolve();
  await until(async () => expect(await writings()).toHaveLength(1));
  await hurry();
  await until(async () => expect((await messages()).map(({ state }) => state)).toEqual(['completed', 'completed']));
  expect(taken).toBe(1);
  expect(await writings()).toHaveLength(1);
});

test('who has lost the lease cannot commit, and the one who has it can', async () => {
  const [slow, fast] = [newQueue('slow'), newQueue('fast')];
  await enqueue(slow);
  const [held, go] = [deferred(), deferred()];
  const outcome = deferred<unknown>();
  const stale = handlersOf({
    'index.latents': async (_, context) => {
      held.resolve();
      await go.promise;
      await write(context).then(() => outcome.resolve('committed'), outcome.resolve);
      throw new Error('ended');
    },
  });
  await slow.work('cpu', { concurrency: 1 }, stale, noHooks);
  await held.promise;
  await lapse();
  await fast.work('cpu', { concurrency: 1 }, handlersOf({ 'index.latents': (_, context) => write(context) }), noHooks);
  await until(async () => {
    await hurry();
    expect(await writings()).toHaveLength(1);
  });
  go.resolve();
  expect(await outcome.promise).toMatchObject({ code: 'lease_lost' });
  expect(await writings()).toMatchObject([{ fence: 2 }]);
  expect(await run()).toMatchObject({ failed_at: null });
});

test('a worker that is late renewing keeps its task while nobody else wants it', async () => {
  const queue = newQueue();
  await enqueue(queue);
  const [held, go] = [deferred(), deferred()];
  const handlers = handlersOf({
    'index.latents': async (_, context) => {
      held.resolve();
      await go.promise;
      await write(context);
    },
  });
  await queue.work('cpu', { concurrency: 1 }, handlers, noHooks);
  await held.promise;
  await lapse();
  // Longer than the reaper's two seconds, shorter than the renewal's five.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  go.resolve();
  await until(async () => expect(await writings()).toMatchObject([{ fence: 1 }]));
  expect(await events()).not.toContain('task_handed_on');
});

test('a killed worker’s task goes on at once when the worker comes back under its name', async () => {
  const queue = newQueue('phoenix');
  await enqueue(queue);
  const script = fileURLToPath(new URL('doomed-worker.ts', import.meta.url));
  const doomed = spawn(process.execPath, ['--import', 'tsx', script, url, 'phoenix'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(doomed.stdout, 'data');
  expect(await tasks()).toMatchObject([{ fence: 1, lease_owner: expect.stringMatching(/^phoenix\//), completed_at: null }]);
  doomed.kill('SIGKILL');
  await once(doomed, 'exit');
  const started = Date.now();
  await queue.work('cpu', { concurrency: 1 }, handlersOf({ 'index.latents': (_, context) => write(context) }), noHooks);
  await until(async () => expect(await writings()).toMatchObject([{ fence: 2 }]));
  // One second of back-off, doubled at random at most, and a poll; not the 20 s of the lease.
  expect(Date.now() - started).toBeLessThan(8_000);
  expect(await events()).toContain('task_handed_on');
});

test('a killed worker’s task is handed to another worker when its lease has run out, and not before', async () => {
  const queue = newQueue('other');
  await enqueue(queue);
  await pool.query(`UPDATE pgboss.job SET state = 'active', started_on = now()`);
  await pool.query(`UPDATE run_tasks SET fence = 1, lease_until = now() + interval '20 s', lease_owner = 'dead/1'`);
  await queue.work('cpu', { concurrency: 1 }, handlersOf({ 'index.latents': (_, context) => write(context) }), noHooks);
  expect(await messages()).toMatchObject([{ state: 'active' }]);
  await lapse();
  await until(async () => {
    await hurry();
    expect(await writings()).toHaveLength(1);
  });
});

test('a failing task is tried again, and after the last attempt its run has failed and its other tasks are off the queue', async () => {
  const queue = newQueue();
  await enqueue(queue, 2);
  await pool.query(`UPDATE pgboss.job SET start_after = now() + interval '1 hour' WHERE data ->> 'taskId' = $1`, [(await tasks())[1].id]);
  let attempts = 0;
  const failures: unknown[] = [];
  const handlers = handlersOf({
    'index.latents': () => {
      attempts++;
      throw new AppError('upstream_failed', 'the endpoint answered 503', { retryable: true });
    },
  });
  await queue.work('cpu', { concurrency: 1 }, handlers, { ...noHooks, onFailed: async (_, id, failure) => void failures.push([id, failure]) });
  await until(async () => {
    await hurry();
    expect((await run()).failed_at).toBeInstanceOf(Date);
  });
  const failure = { code: 'upstream_failed', message: 'the endpoint answered 503', stage: 'index' };
  expect(attempts).toBe(4);
  expect((await run()).failure).toEqual(failure);
  expect(failures).toEqual([[runId, failure]]);
  expect((await messages()).map(({ state }) => state)).toEqual(['failed', 'cancelled']);
  expect(await events()).toEqual(['run_started', 'stage_started', 'task_failed', 'task_failed', 'task_failed', 'run_failed']);
});

test('an error that trying again cannot mend fails the run at once', async () => {
  const queue = newQueue();
  await enqueue(queue);
  let attempts = 0;
  const handlers = handlersOf({
    'index.latents': () => {
      attempts++;
      throw new AppError('corrupt_file', 'model.safetensors ends early');
    },
  });
  await queue.work('cpu', { concurrency: 1 }, handlers, noHooks);
  await until(async () => expect((await run()).failure).toMatchObject({ code: 'corrupt_file' }));
  expect(attempts).toBe(1);
});

test('a task whose worker dies every time ends its run', async () => {
  const queue = newQueue('other');
  await enqueue(queue);
  await pool.query(`UPDATE pgboss.job SET state = 'active', started_on = now(), retry_count = retry_limit`);
  await pool.query(`UPDATE run_tasks SET fence = 4, lease_until = now() - interval '1 s', lease_owner = 'dead/1'`);
  await queue.work('cpu', { concurrency: 1 }, handlersOf({}), noHooks);
  await until(async () => expect((await run()).failure).toMatchObject({ code: 'internal', message: expect.stringContaining('4 times in a row') }));
});

/** As if the job's contract allowed it a second. */
const allowOneSecond = () => pool.query(`UPDATE pgboss.job SET expire_in = interval '1 s'`);

test('a handler that neither returns nor heeds its signal costs one attempt, frees its slot, is reported, and cannot commit afterwards', async () => {
  const stuck: StuckTask[] = [];
  const queue = newQueue('w', { onStuck: (task) => void stuck.push(task), graceMs: 200 });
  await enqueue(queue);
  await allowOneSecond();
  const released = deferred();
  const late = deferred<unknown>();
  const heard: unknown[] = [];
  const handlers = handlersOf({
    'index.latents': async (_, context) => {
      context.signal.addEventListener('abort', () => heard.push(context.signal.reason));
      await released.promise;
      await write(context).then(late.resolve, late.resolve);
    },
  });
  await queue.work('cpu', { concurrency: 1 }, handlers, noHooks);
  await until(async () => expect(stuck).toHaveLength(1));
  expect(stuck).toEqual([{ runId, taskId: BigInt((await tasks())[0].id), job: 'index.latents' }]);
  expect(heard).toMatchObject([{ code: 'internal', message: expect.stringContaining('longer than the 1 s'), retryable: true }]);
  // The next attempt is due like that of any failure, and the lease is free for it.
  expect(await messages()).toMatchObject([{ state: 'retry', retry_count: 0 }]);
  expect(await tasks()).toMatchObject([{ lease_until: null, completed_at: null }]);
  expect(await events()).toEqual(['run_started', 'stage_started', 'task_failed']);
  released.resolve();
  expect(await late.promise).toMatchObject({ code: 'lease_lost' });
  expect(await writings()).toEqual([]);
});

test('a task that is complete is never stuck, however long its handler goes on: its slot is freed', async () => {
  const stuck: StuckTask[] = [];
  const queue = newQueue('w', { onStuck: (task) => void stuck.push(task), graceMs: 200 });
  await enqueue(queue, 2);
  await allowOneSecond();
  const released = deferred();
  let heard: unknown = null;
  let taken = 0;
  const handlers = handlersOf({
    'index.latents': async (_, context) => {
      context.progress(3);
      await write(context);
      if (++taken === 2) return;
      context.signal.addEventListener('abort', () => (heard = context.signal.reason));
      await released.promise;
    },
  });
  await queue.work('cpu', { concurrency: 1 }, handlers, noHooks);
  await until(async () => expect(taken).toBe(2));
  expect(stuck).toEqual([]);
  expect(heard, 'the lease that a complete task has no more is not lost').toMatchObject({ code: 'internal' });
  expect(await events()).not.toContain('task_failed');
  released.resolve();
});

test('a handler that is late and heeds its signal has failed without ending anything', async () => {
  const stuck: StuckTask[] = [];
  const queue = newQueue('w', { onStuck: (task) => void stuck.push(task), graceMs: 5000 });
  await enqueue(queue);
  await allowOneSecond();
  const handlers = handlersOf({
    'index.latents': (_, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('told to stop')))),
  });
  await queue.work('cpu', { concurrency: 1 }, handlers, noHooks);
  await until(async () => expect(await events()).toContain('task_failed'));
  expect(stuck).toEqual([]);
});

test('cancelling tells the handler, refuses its commit and takes the other tasks off the queue', async () => {
  const queue = newQueue();
  await enqueue(queue, 3);
  const outcome = deferred<unknown>();
  const held = deferred();
  const handlers = handlersOf({
    'index.latents': async (_, context) => {
      context.progress(4);
      held.resolve();
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
      await write(context).catch(outcome.resolve);
      context.signal.throwIfAborted();
    },
  });
  await queue.work('cpu', { concurrency: 1 }, handlers, noHooks);
  await held.promise;
  expect(await queue.cancelRun(runId)).toBe(true);
  expect(await outcome.promise).toMatchObject({ code: 'lease_lost' });
  expect(await writings()).toEqual([]);
  expect((await messages()).map(({ state }) => state)).toEqual(['cancelled', 'cancelled', 'cancelled']);
  expect(await queue.cancelRun(runId)).toBe(false);
  expect(await run()).toMatchObject({ failed_at: null, cancelled_at: expect.any(Date) });
});

test('shutting down puts the task back without counting an attempt, and the next process finishes it', async () => {
  const queue = newQueue();
  await enqueue(queue);
  const held = deferred();
  const handlers = handlersOf({
    'index.latents': async (_, context) => {
      held.resolve();
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
      context.signal.throwIfAborted();
    },
  });
  await queue.work('cpu', { concurrency: 1 }, handlers, noHooks);
  await held.promise;
  await queue.stop();
  expect(await messages()).toMatchObject([{ state: 'retry', retry_count: 0, started_on: null }]);
  expect(await tasks()).toMatchObject([{ lease_until: null, lease_owner: null, completed_at: null }]);
  await newQueue().work('cpu', { concurrency: 1 }, handlersOf({ 'index.latents': (_, context) => write(context) }), noHooks);
  await until(async () => expect(await writings()).toHaveLength(1));
});

test('progress is written while the task runs, and never more than there is', async () => {
  const queue = newQueue();
  await enqueue(queue);
  const go = deferred();
  const handlers = handlersOf({
    'index.latents': async (_, context) => {
      context.progress(99);
      await go.promise;
      await write(context);
    },
  });
  await queue.work('cpu', { concurrency: 1 }, handlers, noHooks);
  await until(async () => expect(await tasks()).toMatchObject([{ progress: 10, completed_at: null }]));
  go.resolve();
  await until(async () => expect(await writings()).toHaveLength(1));
});

test('a handler that ends without committing has failed', async () => {
  const queue = newQueue();
  await enqueue(queue);
  await queue.work('cpu', { concurrency: 1 }, handlersOf({ 'index.latents': async () => undefined }), noHooks);
  await until(async () => expect((await run()).failure).toMatchObject({ code: 'internal', message: expect.stringContaining('without committing') }));
});

test('two workers do forty tasks once each', async () => {
  const [one, two] = [newQueue('one'), newQueue('two')];
  await enqueue(one, 40);
  const handlers = handlersOf({ 'index.latents': (_, context) => write(context) });
  await Promise.all([one, two].map((queue) => queue.work('cpu', { concurrency: 3 }, handlers, noHooks)));
  await until(async () => expect((await tasks()).every(({ completed_at }) => completed_at !== null)).toBe(true));
  const written = await writings();
  expect(written).toHaveLength(40);
  expect(new Set(written.map(({ task }) => task)).size).toBe(40);
});
