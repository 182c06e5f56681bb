import type { SearchQuery } from '#lib/search/schema.ts';
import { href } from './href.ts';

export const SEARCH_LISTS = ['model', 'coder', 'layer', 'hookpoint', 'method'] as const;

/** The address of a search: only what differs from the defaults, so that links stay short and one search has one address. */
export function searchHref(query: Partial<SearchQuery>): string {
  const { sort, page, limit, ...rest } = query;
  return href('/search', {
    ...rest,
    sort: sort === 'relevance' ? undefined : sort,
    page: page === 1 ? undefined : page,
    limit: limit === 20 ? undefined : limit,
  });
}
