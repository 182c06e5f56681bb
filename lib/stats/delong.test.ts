import { expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { delong, delongPaired } from './delong.ts';

it('states the spread that repeated samples have', () => {
  // Uniform scores, positives shifted by 0.3. The standard deviation of 800 AUROCs is known to 2.5 % of itself.
  const rng = rngFor('delong');
  const labels = Array.from({ length: 80 }, (_, i) => (i < 40 ? 1 : 0));
  const runs = Array.from({ length: 800 }, () =>
    delong(
      labels,
      labels.map((label) => rng.next() + 0.3 * label),
    )!,
  );
  const mean = runs.reduce((sum, r) => sum + r.auc, 0) / runs.length;
  const spread = Math.sqrt(runs.reduce((sum, r) => sum + (r.auc - mean) ** 2, 0) / (runs.length - 1));
  const stated = runs.reduce((sum, r) => sum + r.se!, 0) / runs.length;
  expect(Math.abs(stated / spread - 1)).toBeLessThan(0.1);
});

it('finds no difference between a score and itself, rescaled', () => {
  const labels = [1, 1, 0, 0, 1, 0];
  const scores = [3, 1, 2, 0, 5, 4];
  expect(
    delongPaired(
      labels,
      scores,
      scores.map((s) => 2 * s + 1),
    ),
  ).toMatchObject({ difference: 0, z: null, p: null });
});

it('has no variance from one item and no value without a class', () => {
  expect(delong([1, 0, 0], [1, 2, 0])).toMatchObject({ auc: 0.5, variance: null, interval: null });
  expect(delong([1, 1], [1, 2])).toBeNull();
});
