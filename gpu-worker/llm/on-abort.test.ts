import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { onAbort } from './on-abort.ts';
import { RateLimiter } from './rate-limiter.ts';
import { sleep } from './retry.ts';
import { Slots } from './slots.ts';

it('calls back whoever still waits, once, over one listener', () => {
  const controller = new AbortController();
  const called: number[] = [];
  const off = Array.from({ length: 300 }, (_, i) => onAbort(controller.signal, () => called.push(i)));
  expect(getEventListeners(controller.signal, 'abort').length).toBe(1);
  off[0]!();
  onAbort(controller.signal, () => off[2]!());
  controller.abort();
  controller.abort();
  expect(called).toEqual(Array.from({ length: 299 }, (_, i) => i + 1));
  expect(() => onAbort(undefined, () => called.push(-1))()).not.toThrow();
});

it('is how all that waits for a call listens: hundreds on one signal leave it one listener, and all are woken', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const [slots, limiter] = [new Slots(1), new RateLimiter({ slots: 1 })];
  const never = new Promise<void>(() => undefined);
  void slots.run(() => never);
  await limiter.acquire(1);
  const waiting = Array.from({ length: 40 }, () => [slots.run(() => never, signal), limiter.acquire(1, signal), sleep(60_000, signal)]).flat();
  await Promise.resolve();
  expect(getEventListeners(signal, 'abort').length).toBe(1);
  const reason = new Error('stop');
  controller.abort(reason);
  for (const one of await Promise.allSettled(waiting)) expect(one).toMatchObject({ status: 'rejected', reason });
});
