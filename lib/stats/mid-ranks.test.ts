import { expect, it } from 'vitest';
import { ascendingOrder, midRanks } from './mid-ranks.ts';

it('gives ties the mean of their ranks', () => {
  expect([...midRanks([3, 1, 3, 3, 2])]).toEqual([4, 1, 4, 4, 2]);
  expect([...midRanks([])]).toEqual([]);
});

it('orders infinities and keeps equal values in place', () => {
  expect([...ascendingOrder([Infinity, 0, -Infinity, 0])]).toEqual([2, 1, 3, 0]);
});
