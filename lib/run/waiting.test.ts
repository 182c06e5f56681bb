import { expect, test } from 'vitest';
import type { QueueName } from '#lib/jobs/job.ts';
import { type OpenRun, unservedQueue, waitingText, waitsFor, whyWaiting } from './waiting.ts';

const queued = (id: string, queue: QueueName = 'cpu'): OpenRun => ({ id, started: false, working: [], standing: [queue], untaken: [queue] });
const begun = (id: string, queue: QueueName = 'cpu'): OpenRun => ({ ...queued(id, queue), started: true });
const running = (id: string, queue: QueueName = 'cpu'): OpenRun => ({ ...begun(id, queue), working: [queue] });

test('a run waits for the one that is worked on in its queue, whatever stands between them', () => {
  const open = [running('9'), queued('10'), queued('11')];
  expect(waitsFor('10', open)).toBe('9');
  expect(waitsFor('11', open)).toBe('9');
  expect(waitsFor('9', open)).toBeNull();
  expect(waitingText('9')).toBe('waiting: run 9 is worked on first');
});

test('what is done in another queue holds nobody up', () => {
  expect(waitsFor('2', [running('1', 'gpu'), queued('2')])).toBeNull();
  expect(waitsFor('2', [{ ...running('1', 'gpu'), working: ['cpu', 'gpu'] }, queued('2')])).toBe('1');
});

test('with no worker at all nothing waits for another', () => {
  expect(waitsFor('2', [queued('1'), queued('2')])).toBeNull();
  expect(waitsFor('2', [begun('1'), queued('2')])).toBeNull();
  expect(waitsFor('2', [begun('1'), begun('2')])).toBeNull();
});

test('a run that was begun and stands behind another’s tasks waits as well; while both are worked on neither does', () => {
  expect(waitsFor('2', [running('1'), begun('2')])).toBe('1');
  expect(waitsFor('1', [begun('1'), running('2')])).toBe('2');
  expect(waitsFor('2', [running('1'), running('2')])).toBeNull();
});

test('of several the oldest is named; ids are numbers', () => {
  expect(waitsFor('11', [running('10'), running('9'), queued('11')])).toBe('9');
});

test('a run that is over waits for none', () => {
  expect(waitsFor('1', [running('2')])).toBeNull();
  expect(unservedQueue('1', [running('2')])).toBeNull();
});

test('a run that was begun says which queue no worker takes tasks of', () => {
  expect(unservedQueue('2', [running('1', 'gpu'), begun('2', 'llm')])).toBe('llm');
  expect(whyWaiting({ waitsFor: null, unservedQueue: 'llm' })).toBe('waiting: no worker takes tasks of the queue llm');
  expect(whyWaiting({ waitsFor: null, unservedQueue: null })).toBeNull();
  expect(unservedQueue('2', [running('1'), begun('2')]), 'another run’s').toBeNull();
  expect(unservedQueue('2', [running('2')])).toBeNull();
  expect(unservedQueue('2', [queued('2')]), 'not begun: it waits for a worker, and that is said already').toBeNull();
  expect(unservedQueue('2', [{ ...begun('2'), untaken: [] }]), 'to be tried again').toBeNull();
});
