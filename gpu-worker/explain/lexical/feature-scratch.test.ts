import { expect, it } from 'vitest';
import { FeatureScratch } from './feature-scratch.ts';

it('adds by feature, lists what it touched and forgets it', () => {
  const scratch = new FeatureScratch();
  scratch.fit(10_000);
  for (let feature = 9999; feature >= 0; feature--) scratch.add(feature, 0.5);
  scratch.add(7, 2);
  expect(scratch.get(7)).toBe(2.5);
  expect(scratch.features.length).toBe(10_000);
  scratch.clear();
  expect([scratch.get(7), scratch.features.length]).toEqual([0, 0]);
});
