import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openBaseline } from '#gpu-worker/sparse-coder/baseline.ts';
import { denseStore, storeDense } from '#tests/doubles/dense-store.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { coOccurrence } from './co-occurrence.ts';
import { NEIGHBOURS } from './neighbours-file.ts';
import { openNeighbours } from './read-neighbours.ts';
import { writeCoderNeighbours } from './write-coder-neighbours.ts';

async function planted(budget?: number) {
  const [d] = fc.sample(
    denseStore({ rows: 9, rowLength: 8, width: 9 }).filter(({ rows, width }) => rows === 9 && width > 4),
    { numRuns: 1, seed: 5 },
  );
  const artifacts = memoryArtifacts();
  const { coder: activations, entry } = await storeDense(artifacts, d!);
  // Its latents are the elements of the hidden state: it has no matrices to compare.
  const coder = await openBaseline('neurons:1', { hookpoint: 'layers.0', dIn: activations.width, workDir: '', seed: 0 });
  const done: number[] = [];
  const request = { entry, activations, coder, ...(budget === undefined ? {} : { budget }), breathe: async (n: number) => void done.push(n) };
  return { artifacts, activations, request };
}

test('the nearest latents are read back, as many as are asked for, and a coder without matrices says why it has none by them', async () => {
  const { artifacts, activations, request } = await planted();
  const key = await writeCoderNeighbours(artifacts, request);
  const neighbours = await openNeighbours(artifacts, key);
  const { lists } = await coOccurrence(activations, NEIGHBOURS);
  for (let latent = 0; latent < activations.width; latent++) {
    const expected = lists.nearest(latent).map(({ index, score }) => ({ latent: index, similarity: score }));
    expect(await neighbours.nearest(latent, 'co-occurrence', NEIGHBOURS)).toEqual(expected);
    expect(await neighbours.nearest(latent, 'co-occurrence', 2)).toEqual(expected.slice(0, 2));
    expect(await neighbours.nearest(latent, 'decoder', 5)).toEqual([]);
  }
  expect(neighbours.kinds.encoder).toEqual({ missing: expect.stringContaining('no encoder matrix') });
  expect(neighbours.kinds['co-occurrence']).toMatchObject({ rows: 9, all_rows: 9 });
  await expect(neighbours.nearest(activations.width, 'co-occurrence', 1)).rejects.toMatchObject({ code: 'bad_request' });
  await neighbours.close();
});

test('what stands is not written again', async () => {
  const { artifacts, request } = await planted();
  const key = await writeCoderNeighbours(artifacts, request);
  const before = new Map(artifacts.files);
  expect(await writeCoderNeighbours(artifacts, { ...request, breathe: () => Promise.reject(new Error('nothing is left to do')) })).toBe(key);
  expect(artifacts.files).toEqual(before);
});

test('an estimate from some of the rows is marked as one', async () => {
  const { artifacts, activations, request } = await planted();
  const all = activations.pairs * 2 + activations.rows * activations.rowLength * 12;
  const neighbours = await openNeighbours(artifacts, await writeCoderNeighbours(artifacts, { ...request, budget: all / 3 }));
  expect(neighbours.kinds['co-occurrence']).toMatchObject({ rows: 3, all_rows: 9 });
  await neighbours.close();
});

test('a damaged index is named', async () => {
  const { artifacts, request } = await planted();
  const key = await writeCoderNeighbours(artifacts, request);
  artifacts.files.set(key, Buffer.from('{"format":"another"}'));
  await expect(openNeighbours(artifacts, key)).rejects.toMatchObject({ code: 'corrupt_file', message: expect.stringContaining(key) });
});
