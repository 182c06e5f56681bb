import { expect, test } from 'vitest';
import { chooseDiverse } from './featured.ts';

const text = (item: string): string => item;

test('takes the best, leaving out what says the same', () => {
  const items = ['ships and harbours', 'harbours and ships', 'courts of law', 'ships, harbours, docks', 'taxes on imports'];
  expect(chooseDiverse(items, text, 3)).toEqual(['ships and harbours', 'courts of law', 'taxes on imports']);
});

test('fills up with the best of the rest when too few differ', () => {
  expect(chooseDiverse(['ships sail', 'ships sail home', 'courts'], text, 3)).toEqual(['ships sail', 'courts', 'ships sail home']);
  expect(chooseDiverse([], text, 3)).toEqual([]);
});
