import { expect, it } from 'vitest';
import { mannWhitney } from './mann-whitney.ts';
import { rocAuc } from './roc-auc.ts';

it('gives the exact p of full separation: two of all orders', () => {
  // 3 against 4: C(7, 3) = 35 orders, two of them as extreme.
  expect(mannWhitney([5, 6, 7], [1, 2, 3, 4])!.pExact).toBeCloseTo(2 / 35, 14);
});

it('agrees with the AUROC and says nothing exact about ties', () => {
  const result = mannWhitney([1, 2, 2], [2, 0])!;
  expect(result.auc).toBe(rocAuc([1, 1, 1, 0, 0], [1, 2, 2, 2, 0]));
  expect(result.pExact).toBeNull();
  expect(mannWhitney([], [1])).toBeNull();
});
