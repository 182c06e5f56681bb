import { expect, it } from 'vitest';
import { balancedAccuracy, classification } from './classification.ts';
import { rocAuc } from './roc-auc.ts';

it('counts and rates', () => {
  const table = classification([1, 1, 1, 0, 0], [1, 1, 0, 1, 0]);
  expect(table).toMatchObject({ tp: 2, fn: 1, fp: 1, tn: 1, recall: 2 / 3, specificity: 0.5, precision: 2 / 3 });
  expect(table.balancedAccuracy).toBeCloseTo((2 / 3 + 1 / 2) / 2, 15);
});

it('is the AUROC of the 0/1 predictions, which lets one bootstrap serve both', () => {
  const labels = [1, 1, 1, 0, 0, 0, 0];
  const predictions = [1, 0, 1, 0, 1, 0, 0];
  expect(balancedAccuracy(labels, predictions)).toBeCloseTo(rocAuc(labels, predictions)!, 15);
});

it('has no value without items and refuses arrays of different lengths', () => {
  expect(balancedAccuracy([], [])).toBeNull();
  expect(() => classification([1], [])).toThrow(/1 labels and 0 predictions/);
});
