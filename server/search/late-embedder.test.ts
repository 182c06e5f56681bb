import { expect, test } from 'vitest';
import type { EmbedderClient } from '#platform/embedder/types.ts';
import { lateEmbedder } from './late-embedder.ts';

const embedder: EmbedderClient = { id: 'e', dimensions: 3, embed: async (texts) => texts.map((text) => Float32Array.of(text.length)) };

test('opens once, when first asked', async () => {
  let openings = 0;
  const late = lateEmbedder(async () => {
    openings += 1;
    return embedder;
  });
  expect(openings).toBe(0);
  expect(await Promise.all([late.embed(['a'], { timeoutMs: 1000 }), late.embed(['bb'])])).toEqual([[Float32Array.of(1)], [Float32Array.of(2)]]);
  expect([await late.dimensions(), openings]).toEqual([3, 1]);
});

test('tries again after an opening that failed', async () => {
  let openings = 0;
  const late = lateEmbedder(async () => {
    openings += 1;
    if (openings === 1) throw new Error('away');
    return embedder;
  });
  await expect(late.embed(['a'])).rejects.toThrow('away');
  expect(await late.embed(['a'])).toEqual([Float32Array.of(1)]);
});

test('does not keep a call waiting for a slow opening, which goes on for the next one', async () => {
  let finish: (opened: EmbedderClient) => void = () => {};
  const late = lateEmbedder(() => new Promise((resolve) => (finish = resolve)));
  await expect(late.embed(['a'], { timeoutMs: 1 })).rejects.toMatchObject({ code: 'worker_unavailable' });
  finish(embedder);
  expect(await late.embed(['a'], { timeoutMs: 1000 })).toEqual([Float32Array.of(1)]);
});
