import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fingerprint } from './fingerprint.ts';
import type { StoredTensor } from './stored-tensor.ts';

const LENGTH = 9 * 1024 * 1024;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atlas-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const tensor = (file: string, offset = 0): StoredTensor => ({ name: 'w', dtype: 'F32', shape: [LENGTH / 4], file, offset, length: LENGTH });

it('sees a byte in the middle of a large tensor, and neither where the tensor lies nor what stands around it', async () => {
  const file = join(folder, 'a.bin');
  await writeFile(file, Buffer.alloc(LENGTH, 3));
  const before = await fingerprint(['config'], [tensor(file)]);
  const moved = join(folder, 'b.bin');
  await writeFile(moved, Buffer.concat([Buffer.alloc(100, 9), Buffer.alloc(LENGTH, 3), Buffer.alloc(5, 1)]));
  expect(await fingerprint(['config'], [tensor(moved, 100)])).toBe(before);
  expect(await fingerprint(['other config'], [tensor(file)])).not.toBe(before);
  const handle = await open(file, 'r+');
  await handle.write(Buffer.from([4]), 0, 1, LENGTH / 2);
  await handle.close();
  expect(await fingerprint(['config'], [tensor(file)])).not.toBe(before);
});

it('takes no file that was changed for the one it remembers', async () => {
  const file = join(folder, 'c.bin');
  await writeFile(file, Buffer.alloc(LENGTH, 3));
  // Long after the file was written, so that its fingerprint is remembered.
  const later = (): number => Date.now() + 60_000;
  const take = (): Promise<string> => fingerprint(['config'], [tensor(file)], later);
  const first = await take();
  expect(await take()).toBe(first);
  const handle = await open(file, 'r+');
  await handle.write(Buffer.from([4]), 0, 1, LENGTH / 2);
  await handle.close();
  expect(await take()).not.toBe(first);
});
