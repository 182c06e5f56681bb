import { expect, test } from 'vitest';
import { type OpenRun, waitingText, waitsFor } from './waiting.ts';

const queued = (id: string): OpenRun => ({ id, started: false, idleSeconds: null });
const running = (id: string, idleSeconds = 0): OpenRun => ({ id, started: true, idleSeconds });

test('a run that has not been started waits for the one that is worked on, whatever stands between them', () => {
  const open = [running('9'), queued('10'), queued('11')];
  expect(waitsFor('10', open)).toBe('9');
  expect(waitsFor('11', open)).toBe('9');
  expect(waitsFor('9', open)).toBeNull();
  expect(waitingText('9')).toBe('waiting: run 9 is worked on first');
});

test('with no worker at all nothing waits for another', () => {
  expect(waitsFor('2', [queued('1'), queued('2')])).toBeNull();
});

test('a run that was begun and stands behind another’s tasks waits as well', () => {
  expect(waitsFor('2', [running('1'), running('2', 30)])).toBe('1');
  expect(waitsFor('1', [running('1', 30), running('2')])).toBe('2');
});

test('the pause between two tasks is no waiting, and neither is it while both are worked on', () => {
  expect(waitsFor('2', [running('1'), running('2', 4)])).toBeNull();
  expect(waitsFor('2', [running('1'), running('2')])).toBeNull();
  expect(waitsFor('2', [running('1', 60), running('2', 60)])).toBeNull();
});

test('of several the one with a task in hand is named, then the oldest; ids are numbers', () => {
  expect(waitsFor('11', [running('10'), running('9'), queued('11')])).toBe('9');
  expect(waitsFor('11', [running('8', 60), running('10'), queued('11')])).toBe('10');
});

test('a run that is over waits for none', () => {
  expect(waitsFor('1', [running('2')])).toBeNull();
});
