import { mkdtemp, rm, utimes, writeFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withFileLock } from './file-lock.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'atlas-lock-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('lets one in at a time, and leaves nothing behind, also after an error', async () => {
  const file = path.join(folder, 'weights');
  let inside = 0;
  const works = Array.from({ length: 5 }, (_, i) =>
    withFileLock(file, async () => {
      expect(++inside).toBe(1);
      await delay(20);
      inside--;
      if (i === 2) throw new Error('broken');
      return i;
    }),
  );
  const ended = await Promise.allSettled(works);
  expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  expect(await readdir(folder)).toEqual([]);
});

it('takes over what a killed process left, though several ask', async () => {
  const file = path.join(folder, 'left');
  await writeFile(`${file}.lock`, 'somebody dead');
  const old = new Date(Date.now() - 60_000);
  await utimes(`${file}.lock`, old, old);
  let inside = 0;
  await Promise.all(
    Array.from({ length: 4 }, () =>
      withFileLock(file, async () => {
        expect(++inside).toBe(1);
        await delay(5);
        inside--;
      }),
    ),
  );
  expect(await readdir(folder)).toEqual([]);
});
