import { expect, it } from 'vitest';
import { precisionLines, type MeasuredPrecision } from './precision-lines.ts';

const share = (value: number) => ({ value, lower: value / 2, upper: 1 });
const measured = (precision: number | null, more: Partial<MeasuredPrecision> = {}): MeasuredPrecision => ({
  ...{ method: 'lexical', scorer: 'embedding', rate: 0.02, cut: 0.4, nFiring: 50, nSilent: 1000, nFailed: 0 },
  ...{ precision: precision === null ? null : share(precision), firing: share(0.5), falseAlarms: share(0.01) },
  ...more,
});

it('keeps methods and judges apart, and counts latents of which no precision could be said', () => {
  const lines = precisionLines([
    measured(0.2),
    measured(0.9, { scorer: 'detection', cut: null }),
    measured(0.6, { rate: 0.04 }),
    measured(null, { nFailed: 3 }),
    measured(0.5, { method: 'default' }),
  ]);
  expect(lines.map(({ method, scorer, latents, withValue, precision }) => [method, scorer, latents, withValue, precision?.median])).toEqual([
    ['lexical', 'embedding', 3, 2, 0.4],
    ['lexical', 'detection', 1, 1, 0.9],
    ['default', 'embedding', 1, 1, 0.5],
  ]);
  expect(lines[0]).toMatchObject({ medianRate: 0.02, nFiring: 150, nSilent: 3000, nFailed: 3, precision: { lower: 0.2, upper: 0.6 } });
});

it('has no median where nothing could be said', () => {
  expect(precisionLines([measured(null)])).toMatchObject([{ latents: 1, withValue: 0, precision: null }]);
});
