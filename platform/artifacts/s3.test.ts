import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startS3Double, type S3Double } from '#tests/doubles/s3.ts';
import { createLocalArtifacts } from './local.ts';
import { openArtifacts } from './open-artifacts.ts';
import { createS3Artifacts } from './s3.ts';
import type { ArtifactStore } from './types.ts';

const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
let s3: S3Double;
let store: ArtifactStore;
beforeEach(async () => {
  s3 = await startS3Double(['bucket']);
  store = createS3Artifacts({ bucket: 'bucket', prefix: 'some/where', endpoint: s3.endpoint, credentials });
});
afterEach(() => s3.close());

const KEY = 'rows/3fa9/rows.bin';
const objects = (): Map<string, Buffer> => s3.buckets.get('bucket')!;

/** A stream that uses two chunks by turns, as the merge does. */
async function* stream(chunks: number, chunkBytes: number): AsyncGenerator<Uint8Array> {
  const two = [new Uint8Array(chunkBytes), new Uint8Array(chunkBytes)];
  for (let i = 0; i < chunks; i++) yield two[i % 2]!.fill(i % 251);
}

test('what is written is read, whole, in parts and held open', async () => {
  expect(await store.has(KEY)).toBe(false);
  expect(await store.facts(KEY)).toBeNull();
  const { bytes, sha256 } = await store.write(KEY, Buffer.from('abcdef'));
  expect(await store.facts(KEY)).toEqual({ bytes, sha256 });
  expect(String(await store.read(KEY))).toBe('abcdef');
  expect(String(await store.readRange(KEY, 2, 3))).toBe('cde');
  expect((await store.readRange(KEY, 6, 0)).length).toBe(0);
  await expect(store.readRange(KEY, 4, 3)).rejects.toMatchObject({ code: 'bad_request' });
  const file = await store.open(KEY);
  const before = s3.requests.length;
  expect([file.bytes, String(await file.read(1, 2))]).toEqual([6, 'bc']);
  expect(s3.requests.slice(before)).toEqual(['GET /bucket/some/where/rows/3fa9/rows.bin bytes=1-2']);
  await store.delete(KEY);
  await store.delete(KEY);
  await expect(store.read(KEY)).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining(KEY) });
});

test('a large artifact goes up in parts, and is the bytes that a folder would hold', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'atlas-s3-'));
  const written = await store.write('big', stream(300, 70_000));
  expect(s3.requests.filter((line) => line.startsWith('PUT')).length).toBe(3);
  expect(s3.uploads.size).toBe(0);
  expect(await createLocalArtifacts(folder).write('big', stream(300, 70_000))).toEqual(written);
  expect(
    objects()
      .get('some/where/big')!
      .equals(readFileSync(path.join(folder, 'big'))),
  ).toBe(true);
  expect((await store.read('big'))[20_999_999]).toBe(299 % 251);
  rmSync(folder, { recursive: true });
});

test('of many who create a key one does', async () => {
  const made = await Promise.all(Array.from({ length: 8 }, (_, i) => store.create('claims/a/0.json', Buffer.from(String(i)))));
  expect(made.filter(Boolean).length).toBe(1);
  expect(String(await store.read('claims/a/0.json'))).toBe(String(made.indexOf(true)));
});

test('keys are listed, over pages, without the prefix', async () => {
  s3.pageSize = 3;
  objects().set('some/where-else/x', Buffer.from(''));
  const keys = Array.from({ length: 8 }, (_, i) => `runs/a/${i}.json`);
  for (const key of [...keys, 'runs/ab/1.json']) await store.write(key, Buffer.from('{}'));
  expect(await store.list('runs/a')).toEqual(keys);
  expect(await store.list()).toEqual([...keys, 'runs/ab/1.json']);
});

test('a flipped bit and a cut-off end are damage', async () => {
  await store.write(KEY, Buffer.from('abcdef'));
  const whole = objects().get(`some/where/${KEY}`)!;
  const flipped = Buffer.from(whole);
  flipped[3]! ^= 1;
  objects().set(`some/where/${KEY}`, flipped);
  await expect(store.read(KEY)).rejects.toMatchObject({ code: 'corrupt_file', message: expect.stringContaining('checksum') });
  objects().set(`some/where/${KEY}`, whole.subarray(0, -1));
  await expect(store.read(KEY)).rejects.toMatchObject({ code: 'corrupt_file' });
  await expect(store.facts(KEY)).rejects.toMatchObject({ code: 'corrupt_file' });
});

test('a write that breaks off leaves nothing, in the bucket or half uploaded', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield* stream(200, 70_000);
    throw new Error('the model went away');
  }
  await expect(store.write(KEY, broken())).rejects.toThrow('the model went away');
  expect([objects().size, s3.uploads.size]).toEqual([0, 0]);
});

test('a bucket that vanishes, one that is full and one that is closed are told in a sentence', async () => {
  await store.write(KEY, Buffer.from('abcdef'));
  s3.refuse = { status: 507, code: 'XMinioStorageFull' };
  await expect(store.write('b', stream(200, 70_000))).rejects.toMatchObject({ code: 'out_of_space', message: expect.stringContaining('bucket') });
  s3.refuse = { status: 403, code: 'AccessDenied' };
  await expect(store.write('b', Buffer.from('x'))).rejects.toMatchObject({ code: 'forbidden' });
  s3.refuse = null;
  const open = await store.open(KEY);
  s3.buckets.clear();
  const gone = { code: 'upstream_failed', message: expect.stringContaining('There is no such place as the bucket bucket') };
  for (const work of [() => store.has(KEY), () => store.read(KEY), () => store.facts(KEY), () => open.read(0, 1), () => store.list(), () => store.write('c', stream(200, 70_000)), () => store.create('d', Buffer.from('x'))]) {
    await expect(work()).rejects.toMatchObject(gone);
  } // prettier-ignore
  await s3.close();
  await expect(store.has(KEY)).rejects.toMatchObject({ code: 'upstream_failed', retryable: true });
});

test('a location is a folder or a bucket', () => {
  const nowhere = { endpoint: null, region: null };
  expect(() => openArtifacts('s3://', nowhere)).toThrow('names no bucket');
  expect(() => openArtifacts('s3://Not_A_Bucket/x', nowhere)).toThrow('names no bucket');
  expect(openArtifacts('s3://bucket/a/b/', nowhere)).toBeDefined();
});
