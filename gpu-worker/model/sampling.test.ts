import { expect, test } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { logProbability, sampleToken } from './sampling.ts';

test('draws follow the tempered distribution, cut to the nucleus', () => {
  const probabilities = [0.5, 0.3, 0.15, 0.05];
  const logits = Float32Array.from(probabilities, Math.log);
  const n = 20_000;
  const shares = (temperature: number, topP: number): number[] => {
    const rng = rngFor('draws', temperature, topP);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) counts[sampleToken(logits, { temperature, topP }, rng)]!++;
    return counts.map((count) => count / n);
  };
  // Four standard errors of a share near one half.
  const error = 4 * Math.sqrt(0.25 / n);
  shares(1, 1).forEach((share, i) => expect(Math.abs(share - probabilities[i]!)).toBeLessThan(error));
  // Half the temperature squares the odds.
  const squares = probabilities.map((p) => p * p);
  const total = squares.reduce((a, b) => a + b);
  shares(0.5, 1).forEach((share, i) => expect(Math.abs(share - squares[i]! / total)).toBeLessThan(error));
  // Nucleus of 0.8: the first two, renormalised.
  const [first, second, ...rest] = shares(1, 0.79);
  expect(Math.abs(first! - 0.625)).toBeLessThan(error);
  expect(Math.abs(second! - 0.375)).toBeLessThan(error);
  expect(rest).toEqual([0, 0]);
});

test('temperature 0 is the first largest; the seed decides the rest', () => {
  const logits = Float32Array.of(1, 3, 3, 2);
  expect(sampleToken(logits, { temperature: 0, topP: 1 }, rngFor(1))).toBe(1);
  const draw = (seed: number): number[] => {
    const rng = rngFor(seed);
    return Array.from({ length: 20 }, () => sampleToken(logits, { temperature: 1, topP: 1 }, rng));
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

test('log-probabilities are those of the softmax, also for large logits', () => {
  expect(logProbability(Float32Array.of(0, Math.log(3)), 1)).toBeCloseTo(Math.log(0.75), 6);
  expect(logProbability(Float32Array.of(1000, 1000), 0)).toBeCloseTo(-Math.LN2, 12);
});
