import { expect, test } from 'vitest';
import { latentList } from './latent-list.ts';

test('lists active latents by row, position and latent, leaving empty places out', () => {
  const latents = { k: 3, indices: Int32Array.of(9, 2, 5, 7, 1, 4, 0, 0, 0, 3, 8, 6), values: Float32Array.of(1, 2, 0, 3, 4, 5, 0, 0, 0, 0.5, 0, 0.25) };
  const { row, position, latent, value } = latentList(latents, 5, 2);
  expect([...row]).toEqual([2, 2, 3, 3, 3, 4, 4]);
  expect([...position]).toEqual([1, 1, 0, 0, 0, 0, 0]);
  expect([...latent]).toEqual([2, 9, 1, 4, 7, 3, 6]);
  expect([...value]).toEqual([2, 1, 4, 5, 3, 0.5, 0.25]);
});

test('nothing active is an empty list', () => {
  expect(latentList({ k: 1, indices: new Int32Array(2), values: new Float32Array(2) }, 0, 1).row).toHaveLength(0);
});
