import { expect, test } from 'vitest';
import { AppError } from '#lib/errors/app-error.ts';
import type { EmbedderClient } from '#platform/embedder/types.ts';
import { createQueryVectors } from './query-vectors.ts';

function setUp(capacity = 2) {
  const asked: string[] = [];
  const unavailable: unknown[] = [];
  const state: { failure: Error | null } = { failure: null };
  const embedder: EmbedderClient = {
    id: 'lengths',
    dimensions: 1,
    async embed(texts, options) {
      expect(options?.timeoutMs).toBe(5);
      asked.push(...texts);
      if (state.failure) throw state.failure;
      return texts.map((text) => Float32Array.of(text.length));
    },
  };
  const vectors = createQueryVectors(embedder, { timeoutMs: 5, capacity, onUnavailable: (error) => unavailable.push(error) });
  return { asked, unavailable, state, vectors };
}

test('asks once a text, also for callers at the same time, and forgets the least recently used', async () => {
  const { asked, vectors } = setUp();
  expect(await Promise.all([vectors('a'), vectors('a')])).toEqual([Float32Array.of(1), Float32Array.of(1)]);
  await vectors('bb');
  await vectors('a');
  await vectors('ccc');
  await vectors('a');
  expect(asked).toEqual(['a', 'bb', 'ccc']);
  await vectors('bb');
  expect(asked).toEqual(['a', 'bb', 'ccc', 'bb']);
});

test('no answer in time is null, reported, and not kept', async () => {
  const { asked, unavailable, state, vectors } = setUp();
  state.failure = new AppError('worker_unavailable', 'no answer');
  expect(await vectors('a')).toBeNull();
  expect(unavailable).toEqual([state.failure]);
  state.failure = null;
  expect(await vectors('a')).toEqual(Float32Array.of(1));
  expect(asked).toEqual(['a', 'a']);
});

test('another failure is thrown; an empty query asks nobody', async () => {
  const { asked, state, vectors } = setUp();
  state.failure = new Error('bug');
  await expect(vectors('a')).rejects.toThrow('bug');
  expect(await vectors('')).toBeNull();
  expect(asked).toEqual(['a']);
  const none = createQueryVectors(null, { timeoutMs: 5, capacity: 1, onUnavailable: () => {} });
  expect(await none('a')).toBeNull();
});
