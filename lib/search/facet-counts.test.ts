import { expect, test } from 'vitest';
import { type FacetGroup, facetCounts, passesFacets } from './facet-counts.ts';

const none = { model: [], coder: [], layer: [], hookpoint: [], method: [] };
const group = (over: Partial<FacetGroup>): FacetGroup => ({ model: 'm', coder: 'c', layer: 2, hookpoints: ['layers.2'], method: 'lexical', count: 1, ...over });
const groups = [
  group({ count: 5 }),
  group({ coder: 'd', layer: 3, hookpoints: ['layers.3'], count: 3 }),
  group({ coder: 'd', layer: 3, hookpoints: ['layers.3'], method: 'llm', count: 2 }),
  group({ model: 'n', coder: 'e', layer: null, hookpoints: ['embed', 'layers.3'], count: 4 }),
];

test('without filters every facet adds up', () => {
  const { facets, total } = facetCounts(groups, none);
  expect(total).toBe(14);
  expect(facets.model).toEqual([
    { value: 'm', count: 10 },
    { value: 'n', count: 4 },
  ]);
  expect(facets.method).toEqual([
    { value: 'lexical', count: 12 },
    { value: 'llm', count: 2 },
  ]);
  expect(facets.hookpoint).toEqual([
    { value: 'layers.3', count: 9 },
    { value: 'layers.2', count: 5 },
    { value: 'embed', count: 4 },
  ]);
  expect(facets.layer).toEqual([
    { value: '2', count: 5 },
    { value: '3', count: 5 },
  ]);
});

test('a facet ignores its own filter and obeys the others', () => {
  const { facets, total } = facetCounts(groups, { ...none, coder: ['d'], method: ['llm'] });
  expect(total).toBe(2);
  expect(facets.coder).toEqual([{ value: 'd', count: 2 }]);
  expect(facets.method).toEqual([
    { value: 'lexical', count: 3 },
    { value: 'llm', count: 2 },
  ]);
  expect(facets.layer).toEqual([{ value: '3', count: 2 }]);
});

test('several values of one facet are alternatives', () => {
  const { facets, total } = facetCounts(groups, { ...none, layer: [2, 3] });
  expect(total).toBe(10);
  expect(facets.model).toEqual([{ value: 'm', count: 10 }]);
  expect(facetCounts(groups, { ...none, hookpoint: ['embed', 'layers.2'] }).total).toBe(9);
});

test('an entry without a layer passes no layer filter', () => {
  expect(passesFacets(groups[3]!, { ...none, layer: [0] })).toBe(false);
  expect(passesFacets(groups[3]!, none)).toBe(true);
});
