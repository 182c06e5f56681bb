import { describe, expect, it } from 'vitest';
import { searchQuerySchema } from '#lib/search/schema.ts';
import { href, latentApiPath, latentPath } from './href.ts';
import { parseLenient } from './lenient.ts';
import { SEARCH_LISTS, searchHref } from './search.ts';

describe('parseLenient', () => {
  it('takes an empty field as absent and one value as a list of one', () => {
    const { value, ignored } = parseLenient(searchQuerySchema, { q: ' treaties ', model: 'a', layer: ['1', '2'], minScore: '', other: 'x' }, SEARCH_LISTS);
    expect(value).toMatchObject({ q: 'treaties', model: ['a'], layer: [1, 2], sort: 'relevance', page: 1 });
    expect(value.minScore).toBeUndefined();
    expect(ignored).toEqual([]);
  });

  it('names what it ignored and keeps the rest', () => {
    const { value, ignored } = parseLenient(searchQuerySchema, { q: 'law', minScore: '7', sort: 'best', page: ['2', '3'] }, SEARCH_LISTS);
    expect(value).toMatchObject({ q: 'law', sort: 'relevance', page: 3 });
    expect(ignored.sort()).toEqual(['minScore', 'sort']);
  });
});

describe('addresses', () => {
  it('leaves out what is empty and repeats lists', () => {
    expect(href('/x', { q: '', a: [1, 2], b: undefined, c: false, d: null })).toBe('/x?a=1&a=2&c=false');
    expect(latentPath('presidents-4m', 'layers.2', 7)).toBe('/presidents-4m/layers.2/7');
    expect(latentApiPath('m', 'c', 0)).toBe('/api/v1/latents/m/c/0');
  });

  it('gives one search one address, and reads it back', () => {
    const query = searchQuerySchema.parse({ q: 'a & b', layer: [2], sort: 'score', page: 2 });
    const address = searchHref(query);
    expect(address).toBe('/search?q=a+%26+b&layer=2&sort=score&page=2');
    const params = Object.fromEntries(new URL(address, 'http://localhost').searchParams);
    expect(parseLenient(searchQuerySchema, params, SEARCH_LISTS).value).toEqual(query);
  });
});
