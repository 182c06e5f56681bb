import { expect, it } from 'vitest';
import { normalised } from './normalise.ts';

it.each([
  ['ceil', 0, 8, 0],
  ['ceil', 0.001, 8, 1],
  ['ceil', 4, 8, 5],
  ['ceil', 8, 8, 10],
  ['floor', 0.001, 8, 0],
  ['floor', 7.99, 8, 9],
  ['floor', 8, 8, 10],
  // A value above what the maximum was taken from stays at 10; a latent without a maximum gives 0.
  ['ceil', 9, 8, 10],
  ['ceil', 0, 0, 0],
  // 10 · 7,000 overflows a half, which the golden cache is too small to show.
  ['ceil_half', 7000, 60_000, 10],
  ['ceil', 7000, 60_000, 2],
  ['ceil_half', 6550, 60_000, 2],
] as const)('%s: %d of %d is %d', (rule, activation, max, level) => expect(normalised(activation, max, rule)).toBe(level));
