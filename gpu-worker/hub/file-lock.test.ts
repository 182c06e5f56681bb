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
  // An hour ahead: the clock of whoever wrote it says nothing.
  const ahead = new Date(Date.now() + 3600_000);
  await utimes(`${file}.lock`, ahead, ahead);
  let inside = 0;
  await Promise.all(
    Array.from({ length: 4 }, () =>
      withFileLock(
        file,
        async () => {
          expect(++inside).toBe(1);
          await delay(5);
          inside--;
        },
        { staleMs: 200 },
      ),
    ),
  );
  expect(await readdir(folder)).toEqual([]);
});

it('says once that it waits, and gives up in the end', async () => {
  const file = path.join(folder, 'held');
  const said: string[] = [];
  await withFileLock(file, async () => {
    const waiting = withFileLock(file, () => Promise.resolve(), { say: (sentence) => said.push(sentence), longestWaitMs: 300 });
    await expect(waiting).rejects.toMatchObject({ code: 'conflict', retryable: true, message: expect.stringContaining('held.lock') });
  });
  expect(said).toEqual(['Another process is fetching held; waiting for it …']);
  expect(await readdir(folder)).toEqual([]);
});

it('a holder whose lock was taken over stops, waits, and looks again', async () => {
  const file = path.join(folder, 'stolen');
  let runs = 0;
  const result = await withFileLock(
    file,
    async (signal) => {
      if (++runs === 2) return 'there by now';
      await writeFile(`${file}.lock`, 'another');
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      return 'never';
    },
    { renewMs: 20, staleMs: 200 },
  );
  expect(result).toBe('there by now');
  expect(await readdir(folder)).toEqual([]);
});
