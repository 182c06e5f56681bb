import type { SearchQuery, SearchResults } from './schema.ts';

/** How many found entries share these values. */
export interface FacetGroup {
  model: string;
  coder: string;
  layer: number | null;
  hookpoints: string[];
  method: string;
  count: number;
}

const FACETS = ['model', 'coder', 'layer', 'hookpoint', 'method'] as const;
type Facet = (typeof FACETS)[number];
export type FacetFilters = Pick<SearchQuery, Facet>;

/**
 * Counts of every facet under all filters but its own, so that a second value of the same facet shows what choosing it
 * as well would add; and the total under all filters. `groups`: what was found under every other condition of the query.
 * An entry with several hookpoints counts in each. Values by count, then by value; layers by number.
 */
export function facetCounts(groups: readonly FacetGroup[], filters: FacetFilters): { facets: SearchResults['facets']; total: number } {
  const counts = Object.fromEntries(FACETS.map((facet) => [facet, new Map<string, number>()])) as Record<Facet, Map<string, number>>;
  let total = 0;
  for (const group of groups) {
    const failed = FACETS.filter((facet) => !passesFacet(group, facet, filters));
    if (failed.length === 0) total += group.count;
    for (const facet of FACETS) {
      if (failed.some((other) => other !== facet)) continue;
      for (const value of new Set(facetValues(group, facet))) counts[facet].set(value, (counts[facet].get(value) ?? 0) + group.count);
    }
  }
  const byCount = (facet: Facet): { value: string; count: number }[] =>
    [...counts[facet]].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
  return {
    facets: {
      model: byCount('model'),
      coder: byCount('coder'),
      layer: byCount('layer').sort((a, b) => Number(a.value) - Number(b.value)),
      hookpoint: byCount('hookpoint'),
      method: byCount('method'),
    },
    total,
  };
}

/** Whether a group meets every facet filter; a filter without values lets everything through. */
export function passesFacets(group: Omit<FacetGroup, 'count'>, filters: FacetFilters): boolean {
  return FACETS.every((facet) => passesFacet(group, facet, filters));
}

function passesFacet(group: Omit<FacetGroup, 'count'>, facet: Facet, filters: FacetFilters): boolean {
  const wanted = filters[facet].map(String);
  return wanted.length === 0 || facetValues(group, facet).some((value) => wanted.includes(value));
}

function facetValues(group: Omit<FacetGroup, 'count'>, facet: Facet): string[] {
  if (facet === 'hookpoint') return group.hookpoints;
  const value = group[facet];
  return value === null ? [] : [String(value)];
}
