import { expect, it } from 'vitest';
import { latentsWanted } from './wanted-latents.ts';

it('are all, the first few, or a draw by seed of which a smaller one is a part', () => {
  expect(latentsWanted({ latents: 'all', seed: 1 }, 100)).toBeNull();
  expect(latentsWanted({ latents: { first: 3 }, seed: 1 }, 2)).toEqual([0, 1]);
  const ten = latentsWanted({ latents: { random: 10 }, seed: 1 }, 100)!;
  expect([...ten].sort((a, b) => a - b)).toEqual(ten);
  expect(new Set(ten).size).toBe(10);
  expect(latentsWanted({ latents: { random: 4 }, seed: 1 }, 100)!.every((latent) => ten.includes(latent))).toBe(true);
  expect(latentsWanted({ latents: { random: 10 }, seed: 2 }, 100)).not.toEqual(ten);
});
