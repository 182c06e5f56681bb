import type { SearchQuery } from '#lib/search/schema.ts';
import { FACET_ATTRIBUTES } from './settings.ts';

export type Facet = keyof typeof FACET_ATTRIBUTES;
export const FACETS = Object.keys(FACET_ATTRIBUTES) as Facet[];

/** All conditions must hold; each is an expression of Meilisearch's filter language. */
export type Conditions = string[];

/** Bounds of score and frequency. A document without a score passes no bound of the score. */
export function boundConditions(query: SearchQuery): Conditions {
  return [
    ...(query.minScore === undefined ? [] : [`scoreLower >= ${query.minScore}`]),
    ...(query.minFrequency === undefined ? [] : [`frequency >= ${query.minFrequency}`]),
    ...(query.maxFrequency === undefined ? [] : [`frequency <= ${query.maxFrequency}`]),
  ];
}

/** Filters of all facets but one. */
export function facetConditions(query: SearchQuery, except?: Facet): Conditions {
  return FACETS.filter((facet) => facet !== except && query[facet].length > 0).map(
    (facet) => `${FACET_ATTRIBUTES[facet]} IN ${list(query[facet].map(String))}`,
  );
}

export function among(keys: readonly string[]): string {
  return `key IN ${list(keys)}`;
}

export function notAmong(keys: readonly string[]): Conditions {
  return keys.length === 0 ? [] : [`key NOT IN ${list(keys)}`];
}

function list(values: readonly string[]): string {
  return `[${values.map(quote).join(', ')}]`;
}

/** A quoted value: inside double quotes only the quote and the backslash mean anything. */
function quote(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
