import { expect, it } from 'vitest';
import { bandName, exampleBands } from './bands.ts';
import type { Example } from './schema.ts';

const example = (quantile: number | null, maxActivation: number): Example => ({
  row: 0,
  start: 0,
  split: 'test',
  kind: quantile === null ? 'random' : 'activating',
  quantile,
  document: 'd',
  tokens: ['a'],
  activations: [maxActivation],
  maxActivation,
  maxIndex: 0,
});

it('groups by tenth, strongest first in and between them, and leaves negatives out', () => {
  const bands = exampleBands([example(9, 0.2), example(0, 8), example(null, 0), example(0, 9), example(9, 0.4)]);
  expect(bands.map(({ quantile, highest, lowest }) => [quantile, highest, lowest])).toEqual([
    [0, 9, 8],
    [9, 0.4, 0.2],
  ]);
  expect(bands.map((band) => bandName(band.quantile))).toEqual(['strongest tenth', 'weakest tenth']);
});
