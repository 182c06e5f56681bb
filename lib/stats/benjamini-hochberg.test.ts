import { expect, it } from 'vitest';
import { benjaminiHochberg } from './benjamini-hochberg.ts';

it('adjusts in input order and never lets a smaller p overtake a larger one', () => {
  expect([...benjaminiHochberg([0.04, 0.01, 0.03])].map((p) => Number(p.toFixed(12)))).toEqual([0.04, 0.03, 0.04]);
  expect([...benjaminiHochberg([])]).toEqual([]);
});
