import { expect, test } from 'vitest';
import { AppError } from '#lib/errors/app-error.ts';
import { batchSize, inBatches } from './batches.ts';

const outOfMemory = (): AppError => new AppError('out_of_memory', 'No room.');

test('a batch that does not fit is halved, tried again, and said; every item is done once, in order', async () => {
  const done: number[] = [];
  const said: number[] = [];
  await inBatches(
    23,
    10,
    async (first, count) => {
      if (count > 3) throw outOfMemory();
      for (let i = first; i < first + count; i++) done.push(i);
    },
    (size) => said.push(size),
  );
  expect(done).toEqual(Array.from({ length: 23 }, (_, i) => i));
  expect(said).toEqual([5, 2]);
});

test('one item that does not fit, and any other error, are thrown as they are', async () => {
  const said: number[] = [];
  await expect(
    inBatches(
      4,
      4,
      () => Promise.reject(outOfMemory()),
      (size) => said.push(size),
    ),
  ).rejects.toMatchObject({ code: 'out_of_memory' });
  expect(said).toEqual([2, 1]);
  await expect(
    inBatches(
      4,
      4,
      () => Promise.reject(new AppError('corrupt_file', 'x')),
      () => undefined,
    ),
  ).rejects.toMatchObject({ code: 'corrupt_file' });
});

test('the budget decides the size, within one item and what keeps the cores busy', () => {
  expect(batchSize(1000, 16, 10_500)).toBe(10);
  expect(batchSize(1e9, 16, 10_500)).toBe(1);
  expect(batchSize(1, 1024, 1e12)).toBe(4);
  expect(batchSize(1, 100_000, 1e12)).toBe(1);
});
