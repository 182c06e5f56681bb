import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { reportFigures } from './build.ts';
import { comparePaired, compareUnpaired } from './compare.ts';
import type { Observation } from './observation.ts';
import { spreadOf } from './spread.ts';

const observation = (latent: number, value: number | null, more: Partial<Observation> = {}): Observation => ({
  latent,
  method: 'default',
  scorer: 'detection',
  metric: 'balanced_accuracy',
  value,
  lower: value === null ? null : value - 0.1,
  control: 0.5,
  nFailed: 0,
  frequency: 1,
  parts: { classes: [], quantiles: [], metrics: [] },
  ...more,
});

describe('lines', () => {
  it('keep methods, scorers and metrics apart, and failed scores out of the numbers', () => {
    const { lines } = reportFigures([
      observation(0, 0.6),
      observation(1, 0.8),
      observation(2, null, { nFailed: 100 }),
      observation(0, 0.9, { method: 'lexical' }),
      observation(0, 0.4, { scorer: 'simulation', metric: 'pearson_r' }),
    ]);
    expect(lines.map(({ method, scorer, score }) => [method, scorer, score?.n, score?.median.value])).toEqual([
      ['default', 'detection', 2, 0.7],
      ['lexical', 'detection', 1, 0.9],
      ['default', 'simulation', 1, 0.4],
    ]);
    expect(lines[0]).toMatchObject({ failedScores: 1, failedItems: 0, nullValue: 0.5 });
    expect(lines[2]?.nullValue).toBe(0);
  });

  it('tell of what could not be scored for any latent', () => {
    const { lines } = reportFigures([observation(0, 0.6), observation(0, null, { scorer: 'simulation', metric: 'pearson_r' })]);
    expect(lines).toMatchObject([{ scorer: 'detection' }, { scorer: 'simulation', score: null, control: null, frequencyWeighted: null, failedScores: 1 }]);
  });

  it('count as above chance only what its interval says is', () => {
    const { lines } = reportFigures([observation(0, 0.59), observation(1, 0.62), observation(2, 0.7), observation(3, 0.9, { lower: null })]);
    expect(lines[0]?.aboveNull.value).toBeCloseTo(2 / 3, 12);
  });

  it('weigh latents by how often they fire', () => {
    const { lines } = reportFigures([observation(0, 0.5, { frequency: 0.003 }), observation(1, 0.9, { frequency: 0.001 })]);
    expect(lines[0]?.frequencyWeighted?.value).toBeCloseTo(0.6, 12);
  });
});

it('spreads parts over latents, quantiles in order', () => {
  const figure = { lower: null, upper: null, nPositives: 5, nNegatives: 50 };
  const withParts = (latent: number, first: number, last: number): Observation =>
    observation(latent, 0.7, {
      parts: {
        quantiles: [{ ...figure, quantile: 9, value: last }, { ...figure, quantile: 0, value: first }],
        classes: [{ ...figure, class: 'same_token', value: last }],
        metrics: [],
      },
    }); // prettier-ignore
  const { quantiles, classes } = reportFigures([withParts(0, 0.9, 0.6), withParts(1, 0.8, 0.5)]);
  expect(quantiles.map(({ quantile, score }) => [quantile, score.median.value])).toEqual([[0, expect.closeTo(0.85, 12)], [9, 0.55]]); // prettier-ignore
  expect(classes).toMatchObject([{ class: 'same_token', score: { n: 2 } }]);
});

it('correlates two scorers over the latents that both scored', () => {
  const rng = rngFor('report test');
  const values = Array.from({ length: 60 }, () => rng.next());
  const { correlations } = reportFigures([
    ...values.map((value, i) => observation(i, value)),
    ...values.map((value, i) => observation(i, i === 59 ? null : value ** 3, { scorer: 'fuzzing' })),
  ]);
  expect(correlations).toHaveLength(1);
  expect(correlations[0]).toMatchObject({ a: 'detection', b: 'fuzzing', n: 59, spearman: { value: expect.closeTo(1, 12) } });
  expect(correlations[0]!.pearson.value).toBeLessThan(1);
});

describe('comparisons', () => {
  const rng = rngFor('paired');
  const base = Array.from({ length: 200 }, () => rng.next());
  const better = base.map((value) => value + 0.02 + 0.04 * (rng.next() - 0.5));

  it('see a small difference between explainers because they pair latents', () => {
    const paired = comparePaired(better, base, ['x']);
    expect(paired?.meanDifference.lower).toBeGreaterThan(0);
    expect(paired?.aHigher?.value).toBeGreaterThan(0.9);
    expect(compareUnpaired(better, base, ['x'])?.meanDifference.lower).toBeLessThan(0);
  });

  it('cover the truth as often as they say', () => {
    const draws = rngFor('coverage');
    let covered = 0;
    for (let i = 0; i < 300; i++) {
      const spread = spreadOf(Array.from({ length: 40 }, () => draws.next()), [i])!; // prettier-ignore
      covered += spread.mean.lower! <= 0.5 && 0.5 <= spread.mean.upper! ? 1 : 0;
    }
    expect(covered / 300).toBeGreaterThan(0.9);
    expect(covered / 300).toBeLessThan(0.985);
  });
});
