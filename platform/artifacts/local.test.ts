import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLocalArtifacts } from './local.ts';
import { thisProcess } from './processes.ts';
import type { ArtifactStore } from './types.ts';

let root: string;
let store: ArtifactStore;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'atlas-artifacts-'));
  store = createLocalArtifacts(path.join(root, 'store'));
});
afterEach(() => rmSync(root, { recursive: true }));

const KEY = 'rows/3fa9/rows.bin';
const file = () => path.join(root, 'store', KEY);

test('what is written is read, whole and in parts, from bytes and from a stream', async () => {
  expect(await store.has(KEY)).toBe(false);
  await store.write(KEY, Buffer.from('abcdef'));
  expect(await store.has(KEY)).toBe(true);
  expect(String(await store.read(KEY))).toBe('abcdef');
  expect(String(await store.readRange(KEY, 2, 3))).toBe('cde');
  expect((await store.readRange(KEY, 6, 0)).length).toBe(0);
  await store.write(
    'other/stream',
    (async function* () {
      for (let i = 0; i < 1000; i++) yield Buffer.alloc(1000, i % 251);
    })(),
  );
  const streamed = await store.read('other/stream');
  expect(streamed.length).toBe(1_000_000);
  expect(streamed[999_999]).toBe(999 % 251);
  await store.write('empty', new Uint8Array(0));
  expect((await store.read('empty')).length).toBe(0);
});

test('a missing artifact, a range past the end, a deleted artifact', async () => {
  await expect(store.read(KEY)).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining(KEY) });
  await store.write(KEY, Buffer.from('abcdef'));
  await expect(store.readRange(KEY, 4, 3)).rejects.toMatchObject({ code: 'bad_request' });
  await store.delete(KEY);
  await store.delete(KEY);
  expect(await store.has(KEY)).toBe(false);
});

test('a flipped bit and a cut-off end are damage', async () => {
  await store.write(KEY, Buffer.from('abcdef'));
  const bytes = readFileSync(file());
  bytes[3]! ^= 1;
  writeFileSync(file(), bytes);
  await expect(store.read(KEY)).rejects.toMatchObject({ code: 'corrupt_file', message: expect.stringContaining('checksum') });
  truncateSync(file(), bytes.length - 1);
  await expect(store.read(KEY)).rejects.toMatchObject({ code: 'corrupt_file' });
  await expect(store.readRange(KEY, 0, 1)).rejects.toMatchObject({ code: 'corrupt_file' });
  truncateSync(file(), 3);
  await expect(store.read(KEY)).rejects.toMatchObject({ code: 'corrupt_file' });
});

test('a write that breaks off leaves the old content and no rubbish', async () => {
  await store.write(KEY, Buffer.from('old'));
  async function* broken() {
    yield Buffer.from('new');
    throw new Error('the disk went away');
  }
  await expect(store.write(KEY, broken())).rejects.toThrow('the disk went away');
  expect(String(await store.read(KEY))).toBe('old');
  expect(readdirSync(path.join(root, 'store', '.incoming'))).toEqual([]);
});

test('what a killed process left half-written is swept out after a day', async () => {
  const incoming = path.join(root, 'store', '.incoming');
  mkdirSync(incoming, { recursive: true });
  for (const name of ['old', 'fresh']) writeFileSync(path.join(incoming, name), 'half');
  const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
  utimesSync(path.join(incoming, 'old'), twoDaysAgo, twoDaysAgo);
  await store.write(KEY, Buffer.from('x'));
  expect(readdirSync(incoming)).toEqual(['fresh']);
});

test('what a process that is dead left half-written is swept out at once, of a living one nothing', async () => {
  const incoming = path.join(root, 'store', '.incoming');
  mkdirSync(incoming, { recursive: true });
  const { host, space, pid, began } = thisProcess();
  const dead = spawnSync(process.execPath, ['--version']).pid;
  const nameOf = (...writer: [string, string, number, string]) => `${Buffer.from(JSON.stringify(writer)).toString('base64url')}.0a`;
  const kept = [
    nameOf(host, space, pid, began),
    nameOf('elsewhere', space, dead, '1'),
    nameOf(host, 'another container', dead, '1'),
    'W10.0a',
    'of another version',
  ];
  const gone = [nameOf(host, space, dead, '1'), ...(began === '' ? [] : [nameOf(host, space, pid, 'long ago')])];
  for (const name of [...kept, ...gone]) writeFileSync(path.join(incoming, name), 'half');
  await store.write(KEY, Buffer.from('x'));
  expect(readdirSync(incoming).sort()).toEqual(kept.sort());
});

test('a full disk is told in a sentence, and nothing is left', async () => {
  async function* chunks() {
    yield Buffer.from('new');
    throw Object.assign(new Error('no space left on device, write'), { code: 'ENOSPC' });
  }
  await expect(store.write(KEY, chunks())).rejects.toMatchObject({ code: 'out_of_space', message: expect.stringContaining(KEY) });
  expect(await store.has(KEY)).toBe(false);
  expect(readdirSync(path.join(root, 'store', '.incoming'))).toEqual([]);
});

test('of many who create a key one does', async () => {
  const made = await Promise.all(Array.from({ length: 8 }, (_, i) => store.create('claims/a/0.json', Buffer.from(String(i)))));
  expect(made.filter(Boolean).length).toBe(1);
  expect(String(await store.read('claims/a/0.json'))).toBe(String(made.indexOf(true)));
});

test('keys are listed, JSON is stored as it stands, and a folder goes with its last file', async () => {
  await store.write('runs/a/1.json', Buffer.from('{}'));
  await store.write('runs/a/0.bin', Buffer.from('x'));
  await store.write('runs/ab/0.bin', Buffer.from('x'));
  expect(await store.list('runs/a')).toEqual(['runs/a/0.bin', 'runs/a/1.json']);
  expect(await store.list()).toEqual(['runs/a/0.bin', 'runs/a/1.json', 'runs/ab/0.bin']);
  expect(await store.list('nowhere')).toEqual([]);
  expect(readFileSync(path.join(root, 'store', 'runs/a/1.json'), 'utf8')).toBe('{}');
  expect(await store.facts('runs/a/1.json')).toMatchObject({ bytes: 2 });
  await store.delete('runs/ab/0.bin');
  expect(readdirSync(path.join(root, 'store', 'runs'))).toEqual(['a']);
});

test('a file held open is read in parts', async () => {
  await store.write(KEY, Buffer.from('abcdef'));
  const opened = await store.open(KEY);
  expect([opened.bytes, String(await opened.read(1, 3))]).toEqual([6, 'bcd']);
  await expect(opened.read(4, 3)).rejects.toMatchObject({ code: 'bad_request' });
  await opened.close();
});

test.each(['../x', 'a/../../x', '/etc/passwd', 'a//b', '', '.hidden', 'a/.incoming', 'a\\b', 'a/b\0'])('%j is no key', async (key) => {
  await expect(store.read(key)).rejects.toMatchObject({ code: 'bad_request' });
  await expect(store.write(key, Buffer.from('x'))).rejects.toMatchObject({ code: 'bad_request' });
});

test('nothing is read or written through a link', async () => {
  writeFileSync(path.join(root, 'secret'), 'secret');
  await store.write('rows/a', Buffer.from('x'));
  symlinkSync(root, path.join(root, 'store', 'out'));
  symlinkSync(path.join(root, 'secret'), path.join(root, 'store', 'rows', 'link'));
  for (const key of ['out/secret', 'rows/link']) {
    await expect(store.read(key)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(store.write(key, Buffer.from('x'))).rejects.toMatchObject({ code: 'forbidden' });
  }
  expect(readFileSync(path.join(root, 'secret'), 'utf8')).toBe('secret');
});
