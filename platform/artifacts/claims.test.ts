import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { createClaims } from './claims.ts';

const FIRST = 'claims/merge/000000.json';
const holder = (host: string, pid: number, beat = 0): Buffer => Buffer.from(JSON.stringify({ host, pid, beat }));

test('one of many takes it, and another after it is let go', async () => {
  const store = memoryArtifacts();
  const claims = await Promise.all(Array.from({ length: 5 }, () => createClaims(store).take('merge')));
  expect(claims.filter((claim) => claim !== null).length).toBe(1);
  expect(await createClaims(store).take('another')).not.toBeNull();
  await claims.find((claim) => claim !== null)?.release();
  expect(await store.list('claims/merge')).toEqual([]);
  expect(await createClaims(store).take('merge')).not.toBeNull();
});

test('what a dead process of this machine held is taken over at once, by one', async () => {
  const store = memoryArtifacts();
  await store.write(FIRST, holder(hostname(), spawnSync(process.execPath, ['--version']).pid));
  const claims = await Promise.all(Array.from({ length: 5 }, () => createClaims(store).take('merge')));
  const won = claims.filter((claim) => claim !== null);
  expect(won.length).toBe(1);
  await won[0]?.release();
  expect(await store.list('claims')).toEqual([]);
});

test('another machine’s is taken over when it has been silent for a minute by the watcher’s clock', async () => {
  const store = memoryArtifacts();
  let now = 0;
  const claims = createClaims(store, () => now);
  await store.write(FIRST, holder('elsewhere', 1, 0));
  expect(await claims.take('merge')).toBeNull();
  now = 59_000;
  expect(await claims.take('merge')).toBeNull();
  await store.write(FIRST, holder('elsewhere', 1, 1));
  now = 100_000;
  expect(await claims.take('merge')).toBeNull();
  now = 161_000;
  expect(await claims.take('merge')).not.toBeNull();
});
