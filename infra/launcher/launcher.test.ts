import { describe, expect, test } from 'vitest';
import type { StageProgress } from '#lib/run/schema.ts';
import { createLog } from '#platform/log/log.ts';
import { prettyLine, readLine } from './format-line.ts';
import { duration, progressLine, statusLine } from './progress-line.ts';
import { StopList } from './stop-list.ts';

const now = new Date('2026-11-22T10:00:00.000Z');

describe('lines', () => {
  test('a child’s own events pass through, everything else becomes one', () => {
    const event = { time: now.toISOString(), process: 'worker', level: 'info', event: 'task_done', ms: 3 };
    expect(readLine(JSON.stringify(event), 'site', now)).toEqual(event);
    const output = { time: now.toISOString(), process: 'site', level: 'info', event: 'output' };
    expect(readLine('\u001B[32m▲ Next.js\u001B[0m  ', 'site', now)).toEqual({ ...output, text: '▲ Next.js' });
    expect(readLine('{"half":', 'site', now)).toEqual({ ...output, text: '{"half":' });
    expect(readLine('{"a":1}', 'site', now)).toEqual({ ...output, text: '{"a":1}' });
    expect(readLine('   ', 'site', now)).toBeNull();
  });

  test('a person reads the event, its fields and an error’s sentence', () => {
    const line = {
      time: now.toISOString(),
      process: 'worker',
      level: 'error',
      event: 'task_failed',
      job: 'collect.shard',
      gone: null,
      error: { message: 'cut short', stack: 'at x' },
    };
    const pretty = prettyLine(line);
    expect(pretty).toMatch(/worker {3}.*task_failed.*job=.*collect\.shard.*error=.*cut short/);
    expect(pretty).not.toMatch(/gone|at x/);
  });
});

describe('progress', () => {
  const stage = (over: Partial<StageProgress>): StageProgress => ({
    stage: 'collect',
    state: 'waiting',
    step: null,
    unit: '',
    done: 0,
    total: null,
    rate: null,
    secondsLeft: null,
    startedAt: null,
    finishedAt: null,
    ...over,
  });

  test('the running stage with counts, rate and time left', () => {
    const stages = [
      stage({ state: 'done' }),
      stage({ stage: 'explain', state: 'running', unit: 'latents', done: 3584, total: 6906, rate: 812.4, secondsLeft: 4.09 }),
      stage({}),
    ];
    expect(progressLine(stages)).toBe('explain 3,584 of 6,906 latents · 812/s · 5 s left · stage 2 of 3');
  });

  test('a stage of several steps says which, so that its bar does not seem to begin again', () => {
    const windows = stage({ stage: 'score', state: 'running', step: { number: 1, of: 3 }, unit: 'windows', done: 2048, total: 10_240 });
    expect(progressLine([windows])).toBe('score 2,048 of 10,240 windows · step 1 of 3 · stage 1 of 1');
  });

  test('the status line names the run, and who waits for it or whom it waits for', () => {
    const stages = [stage({ state: 'running', unit: 'tokens', done: 0 })];
    expect(statusLine({ id: '3', stages, waitsFor: null, unservedQueue: null, waiting: [] })).toBe('  run 3 · collect 0 tokens · stage 1 of 1');
    expect(statusLine({ id: '3', stages, waitsFor: null, unservedQueue: null, waiting: ['4'] })).toMatch(/ · waiting: run 4$/);
    expect(statusLine({ id: '3', stages, waitsFor: null, unservedQueue: null, waiting: ['4', '5'] })).toMatch(/ · waiting: runs 4, 5$/);
    expect(statusLine({ id: '3', stages, waitsFor: '2', unservedQueue: null, waiting: [] })).toBe('  run 3 · waiting: run 2 is worked on first');
    expect(statusLine({ id: '3', stages, waitsFor: null, unservedQueue: 'cpu', waiting: [] })).toBe(
      '  run 3 · waiting: no worker takes tasks of the queue cpu',
    );
    expect(statusLine({ id: '3', stages: [stage({})], waitsFor: null, unservedQueue: null, waiting: [] })).toBeNull();
  });

  test('what is not known is left out, and nothing is shown when nothing runs', () => {
    expect(progressLine([stage({ state: 'running', unit: 'tokens', done: 0 })])).toBe('collect 0 tokens · stage 1 of 1');
    expect(progressLine([stage({ state: 'running', unit: 'files', done: 1, total: 8, rate: 0.25, secondsLeft: 28 })])).toContain('0.3/s · 28 s left');
    expect(progressLine([stage({}), stage({ state: 'done' })])).toBeNull();
  });

  test.each([
    [0.2, '1 s'],
    [59.01, '1 min 0 s'],
    [125, '2 min 5 s'],
    [7260, '2 h 1 min'],
  ])('%d seconds are %s', (seconds, text) => expect(duration(seconds)).toBe(text));
});

test('stopping runs backwards, once, and past a failure', async () => {
  const lines: string[] = [];
  const stops = new StopList(createLog({ name: 'launcher', level: 'info', destination: { write: (line) => lines.push(line) } }));
  const order: string[] = [];
  stops.add('postgres', () => void order.push('postgres'));
  stops.add('worker', async () => {
    order.push('worker');
    throw new Error('would not end');
  });
  stops.add('site', () => void order.push('site'));
  await Promise.all([stops.stop(), stops.stop()]);
  expect(order).toEqual(['site', 'worker', 'postgres']);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({ event: 'stop_failed', part: 'worker' });
});

test('what starts while everything stops is stopped too', async () => {
  const stops = new StopList(createLog({ name: 'launcher', level: 'silent' }));
  const order: string[] = [];
  stops.add('slow', async () => {
    await Promise.resolve();
    order.push('slow');
  });
  const stopped = stops.stop();
  expect(() => stops.add('late', () => void order.push('late'))).toThrow('Stopped while starting');
  await stopped;
  expect(order.sort()).toEqual(['late', 'slow']);
});
