import { expect, test } from 'vitest';
import { AppError } from '#lib/errors/app-error.ts';
import { MEANING_CANDIDATES, MEANING_FLOOR } from '#lib/search/meaning-floor.ts';
import type { VectorScan } from '#platform/search/types.ts';
import { findMeaning } from './find-meaning.ts';

const vector = Float32Array.of(1);

function scanOf(similarities: Record<string, [coder: string, similarity: number][]>): VectorScan & { asked: (string[] | null)[] } {
  const all = Object.entries(similarities).flatMap(([prefix, list]) => list.map(([coder, similarity], i) => ({ id: `${prefix}${i}`, coder, similarity })));
  const asked: (string[] | null)[] = [];
  return {
    asked,
    nearest: async (_, k, coderIds) => {
      asked.push(coderIds);
      return all
        .filter((hit) => !coderIds || coderIds.includes(hit.coder))
        .sort((a, b) => b.similarity - a.similarity)
        .slice(0, k);
    },
  };
}

test('keeps what reaches the floor, nearest first', async () => {
  const scan = scanOf({
    x: [
      ['1', MEANING_FLOOR - 0.01],
      ['1', 0.9],
      ['2', MEANING_FLOOR],
    ],
  });
  expect(await findMeaning(scan, vector, null)).toEqual(['x1', 'x2']);
  expect(await findMeaning(scan, vector, ['2'])).toEqual(['x1', 'x2']);
  expect(scan.asked).toEqual([null, null]);
});

test('asks for the chosen coders by themselves when the others fill the list', async () => {
  const crowd = Array.from({ length: MEANING_CANDIDATES }, (): [string, number] => ['1', 0.8]);
  const scan = scanOf({
    crowd,
    few: [
      ['2', 0.6],
      ['2', 0.1],
    ],
  });
  const found = await findMeaning(scan, vector, ['2']);
  expect(scan.asked).toEqual([null, ['2']]);
  expect(found).toHaveLength(MEANING_CANDIDATES + 1);
  expect(found!.at(-1)).toBe('few0');
  expect(await findMeaning(scan, vector, null)).toHaveLength(MEANING_CANDIDATES);
});

test('a worker that does not answer is null; any other failure is thrown', async () => {
  const failing = (error: Error): VectorScan => ({ nearest: () => Promise.reject(error) });
  expect(await findMeaning(failing(new AppError('worker_unavailable', 'away')), vector, null)).toBeNull();
  await expect(findMeaning(failing(new AppError('shape_mismatch', 'other embedder')), vector, null)).rejects.toMatchObject({ code: 'shape_mismatch' });
});
