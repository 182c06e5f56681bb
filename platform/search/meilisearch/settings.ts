import type { Settings } from 'meilisearch';

/** Name of our embedder inside the index; its vectors are ours, Meilisearch computes none. */
export const EMBEDDER = 'explanations';

export const FACET_ATTRIBUTES = { model: 'model', coder: 'coder', layer: 'layer', hookpoint: 'hookpoints', method: 'method' } as const;

/** The index's settings. Source: Meilisearch's “Settings” reference. `dimensions`: of the vectors. */
export function indexSettings(dimensions: number): Settings {
  return {
    searchableAttributes: ['text'],
    filterableAttributes: ['key', ...Object.values(FACET_ATTRIBUTES), 'scoreLower', 'frequency'],
    sortableAttributes: ['scoreLower', 'frequency', 'maxActivation', 'order'],
    // A sort that was asked for comes before relevance; equals are ordered by how good the explanation is.
    rankingRules: ['sort', 'words', 'typo', 'proximity', 'attribute', 'exactness', 'scoreLower:desc', 'order:asc'],
    // The same lengths as the embedded engine: lib/search/edit-distance.ts `allowedTypos`.
    typoTolerance: { enabled: true, minWordSizeForTypos: { oneTypo: 4, twoTypos: 8 }, disableOnNumbers: true },
    // Totals are cut at this number as well, so it is a number that no catalogue reaches.
    pagination: { maxTotalHits: 1_000_000_000 },
    faceting: { maxValuesPerFacet: 10_000, sortFacetValuesBy: { '*': 'count' } },
    embedders: { [EMBEDDER]: { source: 'userProvided', dimensions } },
  };
}
