import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { refuseLinksOut } from './links.ts';

let work: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'links-'));
  await mkdir(join(work, 'a'));
  await writeFile(join(work, 'secret'), 'x');
  await writeFile(join(work, 'a', 'own'), 'x');
});
afterEach(() => rm(work, { recursive: true }));

test('a link out of the folder is refused by name; links inside it, to nothing, and plain files are not', async () => {
  await symlink('own', join(work, 'a', 'again'));
  await symlink('nowhere', join(work, 'a', 'broken'));
  await refuseLinksOut(join(work, 'a'));
  await symlink('../secret', join(work, 'a', 'model.safetensors'));
  await expect(refuseLinksOut(join(work, 'a'))).rejects.toMatchObject({ code: 'forbidden', message: expect.stringContaining('model.safetensors') as string });
});

test("the blobs of a Python hub cache belong to its snapshots, another repository's do not", async () => {
  const snapshot = join(work, 'models--a--b', 'snapshots', 'abc', 'sub');
  for (const dir of [snapshot, join(work, 'models--a--b', 'blobs'), join(work, 'models--c--d', 'blobs')]) await mkdir(dir, { recursive: true });
  await writeFile(join(work, 'models--a--b', 'blobs', 'x'), 'x');
  await writeFile(join(work, 'models--c--d', 'blobs', 'y'), 'y');
  await symlink('../../../blobs/x', join(snapshot, 'model.safetensors'));
  await refuseLinksOut(snapshot);
  await symlink('../../../../models--c--d/blobs/y', join(snapshot, 'config.json'));
  await expect(refuseLinksOut(snapshot)).rejects.toMatchObject({ code: 'forbidden' });
});
