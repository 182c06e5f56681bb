import { expect, test } from 'vitest';
import { searchQuerySchema } from '#lib/search/schema.ts';
import { among, boundConditions, facetConditions, notAmong } from './filter.ts';

const query = searchQuerySchema.parse({ model: ['m'], layer: [2, 3], hookpoint: ['layers.2'], minScore: 0.5, maxFrequency: 0.01 });

test('writes a condition for each filter that has values', () => {
  expect(facetConditions(query)).toEqual(['model IN ["m"]', 'layer IN ["2", "3"]', 'hookpoints IN ["layers.2"]']);
  expect(facetConditions(query, 'layer')).toEqual(['model IN ["m"]', 'hookpoints IN ["layers.2"]']);
  expect(boundConditions(query)).toEqual(['scoreLower >= 0.5', 'frequency <= 0.01']);
  expect(boundConditions(searchQuerySchema.parse({ minScore: 0 }))).toEqual(['scoreLower >= 0']);
});

test('quotes values, so that none can end its list', () => {
  expect(facetConditions(searchQuerySchema.parse({ model: ['a"] OR model != "x'] }))).toEqual(['model IN ["a\\"] OR model != \\"x"]']);
  expect(facetConditions(searchQuerySchema.parse({ coder: ['back\\'] }))).toEqual(['coder IN ["back\\\\"]']);
  expect(among(['1-2'])).toBe('key IN ["1-2"]');
  expect(notAmong([])).toEqual([]);
});
