import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Document } from './document.ts';
import { openTextSource, type TextSource } from './text-source.ts';
import { formatTextSpec, parseTextSpec } from './text-spec.ts';

/** Written by pyarrow 26: 25 rows in groups of 10 (zstd), 4 rows (snappy), 3 conversations (gzip). */
const GOLDEN = path.resolve(import.meta.dirname, '../../tests/golden/text');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'atlas-text-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function all(source: string | TextSource, seed = 1): Promise<Document[]> {
  const documents: Document[] = [];
  for await (const document of (typeof source === 'string' ? await openTextSource(source) : source).documents(seed)) documents.push(document);
  return documents;
}

const byKey = (documents: readonly Document[]): Document[] => [...documents].sort((a, b) => (a.key < b.key ? -1 : 1));

describe('JSON lines', () => {
  const lines = ['{"text":"one"}', '', '{"text":"zwei, ü"}\r', '{"text":"three"}'];
  const expected = [
    { key: 'a.jsonl:1', content: 'one' },
    { key: 'a.jsonl:3', content: 'zwei, ü' },
    { key: 'a.jsonl:4', content: 'three' },
  ];

  it.each([
    ['with a last line end', `${lines.join('\n')}\n`],
    ['without', lines.join('\n')],
  ])('%s: every line that is not blank, known by its number', async (_, text) => {
    const file = path.join(folder, 'a.jsonl');
    await writeFile(file, text);
    expect(byKey(await all(file))).toEqual(expected);
    expect((await openTextSource(file)).count).toBe(3);
  });

  it('reads gzip, and zstandard as the reference tool writes it', async () => {
    const packed = path.join(folder, 'b.jsonl.gz');
    await writeFile(packed, gzipSync(lines.join('\n')));
    expect((await all(packed)).map(({ content }) => content).sort()).toEqual(['one', 'three', 'zwei, ü']);
    // zstd 1.5: printf '{"text":"from zstd"}\n' | zstd
    const zst = path.join(folder, 'c.jsonl.zst');
    await writeFile(zst, Buffer.from(ZSTD, 'base64'));
    expect((await all(zst))[0]?.content).toBe('from zstd');
  });

  it('takes a column by name, and conversations', async () => {
    const file = path.join(folder, 'd.jsonl');
    const messages = [{ role: 'user', content: 'Hello' }, { role: 'assistant', content: 'Hi' }]; // prettier-ignore
    await writeFile(file, JSON.stringify({ body: 'a body', messages }));
    expect((await all(`${file}?column=body`))[0]?.content).toBe('a body');
    expect((await all(file))[0]?.content).toEqual(messages);
    await expect(all(`${file}?column=title`)).rejects.toMatchObject({ code: 'invalid_config', message: expect.stringContaining('it has body, messages') });
  });

  it('names the line that is not JSON', async () => {
    const file = path.join(folder, 'e.jsonl');
    await writeFile(file, '{"text":"fine"}\n{"text":');
    await expect(all(file)).rejects.toMatchObject({ code: 'corrupt_file', message: expect.stringContaining('e.jsonl:2') });
  });
});

describe('Parquet', () => {
  const sentence = (i: number): string => `Document ${i}: ${Array.from({ length: 20 }, (_, j) => `word${(i * 7 + j * 3) % 50}`).join(' ')}`;

  it('gives what pyarrow wrote, one group after the other, each shuffled', async () => {
    const documents = await all(`${GOLDEN}?split=train`);
    const row = ({ key }: Document): number => Number(key.split(':')[1]) - 1;
    expect(new Set(documents.map(row))).toEqual(new Set(Array.from({ length: 25 }, (_, i) => i)));
    for (const document of documents) expect(document.content).toBe(sentence(row(document)));
    const groups = documents.map((document) => Math.floor(row(document) / 10));
    expect(groups.filter((group, i) => group !== groups[i - 1]).length).toBe(3);
    expect(documents.map(row)).not.toEqual(documents.map(row).sort((a, b) => a - b));
    expect((await all(`${GOLDEN}?split=validation`)).map(({ content }) => content).sort()).toEqual([0, 1, 2, 3].map(sentence).sort());
  });

  it('reads conversations, and says which columns there are', async () => {
    const [first] = byKey(await all(path.join(GOLDEN, 'chats.parquet')));
    expect(first?.content).toEqual([{ role: 'user', content: 'Question 0' }, { role: 'assistant', content: 'Answer 0' }]); // prettier-ignore
    await expect(openTextSource(`${GOLDEN}?split=train&column=body`)).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining('it has id, text, meta'),
    });
  });

  it('says that a file is damaged', async () => {
    const file = path.join(folder, 'cut.parquet');
    await writeFile(file, Buffer.from('PAR1 cut short'));
    await expect(openTextSource(file)).rejects.toMatchObject({ code: 'corrupt_file', field: 'text' });
  });
});

describe('openTextSource', () => {
  it('reads a folder of several kinds, each document once, the same again for the same seed', async () => {
    const mixed = path.join(folder, 'mixed');
    await mkdir(path.join(mixed, 'deeper'), { recursive: true });
    await writeFile(path.join(mixed, 'x.txt'), 'plain');
    await writeFile(path.join(mixed, 'deeper', 'y.txt.gz'), gzipSync('packed'));
    await writeFile(path.join(mixed, 'z.jsonl'), Array.from({ length: 9 }, (_, i) => JSON.stringify({ text: `line ${i}` })).join('\n'));
    await writeFile(path.join(mixed, 'notes.md'), 'not text for us');
    const documents = await all(mixed);
    expect(byKey(documents).map(({ key }) => key)).toEqual(['deeper/y', 'x', ...Array.from({ length: 9 }, (_, i) => `z.jsonl:${i + 1}`)]);
    expect(await all(mixed)).toEqual(documents);
    expect(await all(mixed, 2)).not.toEqual(documents);
    const before = (await openTextSource(mixed)).revision;
    await writeFile(path.join(mixed, 'x.txt'), 'plaim');
    expect((await openTextSource(mixed)).revision).not.toBe(before);
  });

  it('reads files once that stay as they are, and knows when they do not', async () => {
    const file = path.join(folder, 'steady.jsonl');
    const later = (): number => Date.now() + 60_000;
    await writeFile(file, '{"text": "one"}\n{"text": "two"}\n');
    const first = await openTextSource(file, later);
    const again = await openTextSource(file, later);
    expect(again).toMatchObject({ revision: first.revision, count: 2, letters: first.letters });
    expect(await all(again)).toEqual(await all(first));
    // Not read yet: what it says of itself is from before.
    const stale = await openTextSource(file, later);
    await writeFile(file, '{"text": "one"}\n{"text": "too"}\n');
    await expect(stale.documents(1).next()).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('was changed') });
    const changed = await openTextSource(file, later);
    expect(changed.revision).not.toBe(first.revision);
    expect(byKey(await all(file)).map(({ content }) => content)).toEqual(['one', 'too']);
  });

  it('says what it cannot read', async () => {
    await expect(openTextSource(path.join(folder, 'nothing'))).rejects.toMatchObject({ code: 'not_found', field: 'text' });
    await expect(openTextSource(`${GOLDEN}?split=test`)).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining('split test') });
    await expect(openTextSource(`${GOLDEN}?colum=text`)).rejects.toMatchObject({ code: 'bad_request', message: expect.stringContaining('colum') });
    await expect(openTextSource(path.join(folder, 'mixed', 'notes.md'))).rejects.toMatchObject({ code: 'unsupported' });
    await expect(openTextSource('https://hub/a.jsonl?split=train')).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('hf:org/name'),
    });
    await expect(openTextSource('npm:no-such-package')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('writes a spec as it reads it', () => {
    for (const location of ['./a', 'npm:b', 'hf:org/name@main:data?column=body&split=train', './c?split=test']) {
      expect(formatTextSpec(parseTextSpec(location))).toBe(location);
    }
  });
});

const ZSTD = 'KLUv/SAVqQAAeyJ0ZXh0IjoiZnJvbSB6c3RkIn0K';
