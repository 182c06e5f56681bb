import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { createClaims } from './claims.ts';
import { type ProcessIdentity, thisProcess } from './processes.ts';

const FIRST = 'claims/merge/000000.json';
const holder = (over: Partial<ProcessIdentity>, beat = 0): Buffer => Buffer.from(JSON.stringify({ ...thisProcess(), ...over, beat }));
const deadPid = (): number => spawnSync(process.execPath, ['--version']).pid;

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
  await store.write(FIRST, holder({ pid: deadPid() }));
  const claims = await Promise.all(Array.from({ length: 5 }, () => createClaims(store).take('merge')));
  const won = claims.filter((claim) => claim !== null);
  expect(won.length).toBe(1);
  await won[0]?.release();
  expect(await store.list('claims')).toEqual([]);
});

test('a number that means another process, in another container or since, tells nothing of the holder', async () => {
  const store = memoryArtifacts();
  await store.write(FIRST, holder({ space: 'another container', pid: deadPid() }));
  expect(await createClaims(store).take('merge')).toBeNull();
  await store.write(FIRST, holder({}));
  expect(await createClaims(store).take('merge'), 'of this very process').toBeNull();
  if (thisProcess().began === '') return;
  await store.write(FIRST, holder({ began: 'long ago' }));
  expect(await createClaims(store).take('merge'), 'its number is another’s by now').not.toBeNull();
});

test('another machine’s is taken over when it has been silent for a minute by the watcher’s clock', async () => {
  const store = memoryArtifacts();
  let now = 0;
  const claims = createClaims(store, () => now);
  await store.write(FIRST, holder({ host: 'elsewhere', pid: 1 }, 0));
  expect(await claims.take('merge')).toBeNull();
  now = 59_000;
  expect(await claims.take('merge')).toBeNull();
  await store.write(FIRST, holder({ host: 'elsewhere', pid: 1 }, 1));
  now = 100_000;
  expect(await claims.take('merge')).toBeNull();
  now = 161_000;
  expect(await claims.take('merge')).not.toBeNull();
});
