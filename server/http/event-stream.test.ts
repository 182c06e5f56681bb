import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { eventStream, type StreamMessage } from './event-stream.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open(signal = new AbortController().signal) {
  const parts: { send: (message: StreamMessage) => void; close: () => void } = { send: () => {}, close: () => {} };
  const state = { stops: 0 };
  const response = eventStream(signal, (send, close) => {
    Object.assign(parts, { send, close });
    return () => (state.stops += 1);
  });
  const reader = response.body!.getReader();
  const next = async (): Promise<string | null> => {
    const { done, value } = await reader.read();
    return done ? null : new TextDecoder().decode(value);
  };
  return { response, reader, next, state, send: (message: StreamMessage) => parts.send(message), close: () => parts.close() };
}

test('messages are written as the standard has them, with line breaks kept inside the data', async () => {
  const { next, send, response } = open();
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  expect(await next()).toBe('retry: 2000\n\n');
  send({ event: 'log', data: { text: 'two\nlines' }, id: '7' });
  expect(await next()).toBe('id: 7\nevent: log\ndata: {"text":"two\\nlines"}\n\n');
});

test('a silent stream is kept open by a comment', async () => {
  const { next } = open();
  await next();
  vi.advanceTimersByTime(15_000);
  expect(await next()).toBe(': still here\n\n');
});

test('stops once, whether the client aborts, cancels or is told that it is over', async () => {
  const leave = new AbortController();
  const aborted = open(leave.signal);
  await aborted.next();
  leave.abort();
  expect(await aborted.next()).toBeNull();
  expect(aborted.state.stops).toBe(1);

  const cancelled = open();
  await cancelled.reader.cancel();
  cancelled.send({ event: 'late', data: null });
  expect(cancelled.state.stops).toBe(1);

  const closed = open();
  await closed.next();
  closed.close();
  closed.close();
  expect(await closed.next()).toBeNull();
  expect([closed.state.stops, vi.getTimerCount()]).toEqual([1, 0]);
});

test('a client that reads nothing is let go', () => {
  const { send, state } = open();
  for (let i = 0; i < 600; i++) send({ event: 'e', data: i });
  expect(state.stops).toBe(1);
});

test('a client that was gone before is not started for', async () => {
  const leave = new AbortController();
  leave.abort();
  const { next, state } = open(leave.signal);
  expect(await next()).toBeNull();
  expect(state.stops).toBe(0);
});
