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

test('never takes one text twice, and does not mind an explainer’s manner of speaking', () => {
  expect(chooseDiverse(['ships', 'ships', 'ships'], text, 3)).toEqual(['ships']);
  const labels = ['ships', 'boats', 'courts', 'wheat', 'banks'].map((what) => `This latent fires on words about ${what}`);
  expect(chooseDiverse(labels, text, 4)).toEqual(labels.slice(0, 4));
  const alike = [...labels, 'This latent fires on words about wheat and banks'];
  expect(chooseDiverse([alike[3]!, alike[5]!, ...alike.slice(0, 3)], text, 3)).toEqual([alike[3], alike[0], alike[1]]);
});
