import { expect, test } from 'vitest';
import { refreshing } from './refreshing.ts';

function setUp({ loadMs = 0 } = {}) {
  const clock = { now: 0 };
  const errors: unknown[] = [];
  const calls: { resolve: (value: number) => void; reject: (error: Error) => void }[] = [];
  const get = refreshing(
    () =>
      new Promise<number>((resolve, reject) => {
        calls.push({ resolve, reject });
        clock.now += loadMs;
      }),
    { ttlMs: 100, onError: (error) => errors.push(error), now: () => clock.now },
  );
  return { clock, errors, calls, get };
}

test('callers during a load share it, and the value is kept for its time', async () => {
  const { clock, calls, get } = setUp();
  const both = [get(), get()];
  expect(calls).toHaveLength(1);
  calls[0]!.resolve(1);
  expect(await Promise.all(both)).toEqual([1, 1]);
  clock.now = 99;
  expect(await get()).toBe(1);
  expect(calls).toHaveLength(1);
});

test('an old value is given while the next is fetched; a very old one is not', async () => {
  const { clock, calls, get } = setUp();
  const first = get();
  calls[0]!.resolve(1);
  await first;
  clock.now = 150;
  expect(await get()).toBe(1);
  calls[1]!.resolve(2);
  await Promise.resolve();
  await Promise.resolve();
  expect(await get()).toBe(2);
  clock.now = 150 + 600;
  const late = get();
  calls[2]!.resolve(3);
  expect(await late).toBe(3);
});

test('a failed refresh is reported and the next call tries again; a failed first load is thrown', async () => {
  const { clock, errors, calls, get } = setUp();
  const first = get();
  calls[0]!.reject(new Error('down'));
  await expect(first).rejects.toThrow('down');
  const second = get();
  calls[1]!.resolve(1);
  await second;
  clock.now = 150;
  expect(await get()).toBe(1);
  calls[2]!.reject(new Error('down again'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(errors).toEqual([new Error('down again')]);
  expect(await get()).toBe(1);
  expect(calls).toHaveLength(4);
});

test('a slow load makes its result live ten times as long', async () => {
  const { clock, calls, get } = setUp({ loadMs: 1000 });
  const first = get();
  calls[0]!.resolve(1);
  await first;
  clock.now = 1000 + 9_999;
  await get();
  expect(calls).toHaveLength(1);
});
