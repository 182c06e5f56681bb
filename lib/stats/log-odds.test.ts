import { expect, it } from 'vitest';
import { logOddsDirichlet, logOddsOfWord, priorFromBackground } from './log-odds.ts';

it('is antisymmetric in the two sides and 0 where they agree', () => {
  const alpha = priorFromBackground([30, 20, 50], 10);
  const ab = logOddsDirichlet([5, 2, 1], [1, 2, 5], alpha);
  const ba = logOddsDirichlet([1, 2, 5], [5, 2, 1], alpha);
  ab.z.forEach((z, w) => expect(z).toBeCloseTo(-ba.z[w]!, 14));
  expect(ab.z[1]).toBeCloseTo(0, 14);
});

it('shrinks towards the corpus as the prior grows', () => {
  const z = [1, 100, 10_000].map((mass) => logOddsDirichlet([3, 0], [0, 3], priorFromBackground([1, 1], mass)).delta[0]!);
  expect(z[0]).toBeGreaterThan(z[1]!);
  expect(z[1]).toBeGreaterThan(z[2]!);
  expect(z[2]).toBeLessThan(0.01);
});

it('gives one word what the table gives it', () => {
  const table = logOddsDirichlet([3, 1], [1, 3], [1, 1]);
  expect(logOddsOfWord(4, 6, 2, 6)).toEqual({ delta: table.delta[0], variance: table.variance[0], z: table.z[0] });
});
