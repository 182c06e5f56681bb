import { expect, it } from 'vitest';
import { normalQuantile } from './normal.ts';
import { wilson } from './wilson.ts';

it('solves |p̂ − p| = z √(p(1−p)/n) at both ends', () => {
  const z = normalQuantile(0.975);
  const interval = wilson(7, 40)!;
  for (const p of [interval.low, interval.high]) expect(Math.abs(7 / 40 - p)).toBeCloseTo(z * Math.sqrt((p * (1 - p)) / 40), 13);
});

it('is exact at no and at all successes, and takes a count that is not whole', () => {
  expect(wilson(0, 10)).toMatchObject({ low: 0 });
  expect(wilson(10, 10)).toMatchObject({ high: 1 });
  expect(wilson(0.5, 2.5)!.low).toBeGreaterThan(0);
  expect(wilson(0, 0)).toBeNull();
});
