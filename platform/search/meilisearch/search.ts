import type { Meilisearch, MultiSearchParams, MultiSearchQuery, MultiSearchResult } from 'meilisearch';
import { facetCounts, passesFacets } from '#lib/search/facet-counts.ts';
import { FUSED_DEPTH, fusedPage } from '#lib/search/fused-page.ts';
import { MEANING_CANDIDATES, MEANING_FLOOR } from '#lib/search/meaning-floor.ts';
import { parseQueryWords } from '#lib/search/query-words.ts';
import type { SearchHit, SearchQuery, SearchResults } from '#lib/search/schema.ts';
import { HIT_ATTRIBUTES, type StoredDocument, type StoredHit, toHit } from './documents.ts';
import { among, boundConditions, type Facet, facetConditions, FACETS, notAmong } from './filter.ts';
import { EMBEDDER, FACET_ATTRIBUTES } from './settings.ts';

/** What is asked for of an entry found by meaning: enough to filter, count and sort it here. */
const MEANING_ATTRIBUTES = ['key', 'model', 'coder', 'layer', 'hookpoints', 'method', 'scoreLower', 'frequency', 'maxActivation', 'order'] as const;
type MeaningHit = Pick<StoredDocument, (typeof MEANING_ATTRIBUTES)[number]>;
type Sortable = Pick<StoredDocument, 'key' | 'order' | 'scoreLower' | 'frequency' | 'maxActivation'>;

const SORT_ATTRIBUTE = { relevance: 'scoreLower', score: 'scoreLower', frequency: 'frequency', max_activation: 'maxActivation' } as const satisfies Record<
  SearchQuery['sort'],
  keyof Sortable
>;

/**
 * A search as the `SearchEngine` contract has it. Words and meaning are asked for apart and fused here by reciprocal
 * rank, as in the embedded engine: Meilisearch's own mixture leaves the meaning out whenever a page's words fit well
 * enough, so that totals and order change from page to page, and it cannot say what found a hit.
 */
export async function searchIndex(client: Meilisearch, index: string, query: SearchQuery, vector: Float32Array | null): Promise<SearchResults> {
  const started = performance.now();
  const browsing = query.q.trim() === '';
  const words = keywords(query.q);
  const near = browsing || vector === null ? [] : await findMeaning(client, index, query, vector);
  const passing = near.filter((hit) => passesFacets(hit, query));
  const wordless = !browsing && words === '';

  const { keys, counts, total } = await askWords({ client, index, query, words, wordless, near, passing, browsing });
  const pageKeys =
    browsing || query.sort !== 'relevance'
      ? keys
      : fusedPage(
          keys,
          passing.map((hit) => hit.key),
          query,
        );
  const overall = total + passing.length;
  return {
    hits: await loadHits(client, index, pageKeys, browsing || wordless ? null : words, new Set(near.map((hit) => hit.key))),
    total: overall,
    page: query.page,
    pages: Math.ceil(overall / query.limit),
    facets: addCounts(
      counts,
      facetCounts(
        near.map((hit) => ({ ...hit, count: 1 })),
        query,
      ).facets,
    ),
    mode: browsing ? 'browse' : vector === null ? 'words' : 'hybrid',
    engine: 'meilisearch',
    tookMs: performance.now() - started,
  };
}

/** The query in Meilisearch's terms: phrases in quotes, words as the index knows them; a closing space ends the last word. */
function keywords(q: string): string {
  const { free, phrases, openEnded } = parseQueryWords(q);
  return [...phrases.map((phrase) => `"${phrase}"`), free].filter((part) => part !== '').join(' ') + (free !== '' && !openEnded ? ' ' : '');
}

/** Entries near in meaning, nearest first, under the bounds only: facets count beyond the values chosen. */
async function findMeaning(client: Meilisearch, index: string, query: SearchQuery, vector: Float32Array): Promise<MeaningHit[]> {
  const conditions = boundConditions(query);
  const search = (limits: string[]): Promise<MeaningHit[]> =>
    client
      .index<StoredDocument>(index)
      .search<MeaningHit>(null, {
        vector: Array.from(vector),
        hybrid: { embedder: EMBEDDER, semanticRatio: 1 },
        // Meilisearch maps a cosine of −1 … 1 to a score of 0 … 1.
        rankingScoreThreshold: (1 + MEANING_FLOOR) / 2,
        filter: limits,
        limit: MEANING_CANDIDATES,
        attributesToRetrieve: [...MEANING_ATTRIBUTES],
      })
      .then((response) => response.hits);
  const everywhere = await search(conditions);
  const chosen = facetConditions(query);
  const more = everywhere.length === MEANING_CANDIDATES && chosen.length > 0 ? await search([...conditions, ...chosen]) : [];
  const seen = new Set(everywhere.map((hit) => hit.key));
  const near = [...everywhere, ...more.filter((hit) => !seen.has(hit.key))];
  const { phrases } = parseQueryWords(query.q);
  if (phrases.length === 0 || near.length === 0) return near;
  const { hits } = await client.index<StoredDocument>(index).search<Pick<StoredDocument, 'key'>>(phrases.map((phrase) => `"${phrase}"`).join(' '), {
    filter: [among(near.map((hit) => hit.key))],
    limit: near.length,
    attributesToRetrieve: ['key'],
  });
  const having = new Set(hits.map((hit) => hit.key));
  return near.filter((hit) => having.has(hit.key));
}

interface WordsRequest {
  client: Meilisearch;
  index: string;
  query: SearchQuery;
  words: string;
  /** Nothing but signs was typed: no words to find. */
  wordless: boolean;
  near: MeaningHit[];
  passing: MeaningHit[];
  browsing: boolean;
}

/**
 * Keys that the words find (by relevance: all that fusing needs; by another order: the page, those found by meaning
 * merged in), and the counts and the total of what only the words find, in one request.
 */
async function askWords({
  client,
  index,
  query,
  words,
  wordless,
  near,
  passing,
  browsing,
}: WordsRequest): Promise<{ keys: string[]; counts: Record<Facet, Record<string, number>>; total: number }> {
  const nothing = Object.fromEntries(FACETS.map((facet) => [facet, {}])) as Record<Facet, Record<string, number>>;
  const byRelevance = query.sort === 'relevance' && !browsing;
  const [from, to] = [(query.page - 1) * query.limit, query.page * query.limit];
  if (wordless) {
    const keys = byRelevance ? [] : mergeSorted([], passing, query).slice(from, to);
    return { keys, counts: nothing, total: 0 };
  }
  const ask = (conditions: string[], more: Partial<MultiSearchQuery>): MultiSearchQuery => ({
    indexUid: index,
    q: words,
    matchingStrategy: 'frequency',
    filter: [...boundConditions(query), ...conditions],
    attributesToRetrieve: ['key', 'order', 'scoreLower', 'frequency', 'maxActivation'],
    ...more,
  });
  const alone = notAmong(near.map((hit) => hit.key));
  const sort = byRelevance ? undefined : [`${SORT_ATTRIBUTE[query.sort]}:desc`, 'order:asc'];
  const chosen = FACETS.filter((facet) => query[facet].length > 0);
  const others = FACETS.filter((facet) => query[facet].length === 0);
  const queries: MultiSearchQuery[] = [
    byRelevance ? ask(facetConditions(query), { limit: Math.max(FUSED_DEPTH, to) }) : ask([...alone, ...facetConditions(query)], { limit: to, sort }),
    ask([...alone, ...facetConditions(query)], { limit: 0, facets: others.map((facet) => FACET_ATTRIBUTES[facet]) }),
    ...chosen.map((facet) => ask([...alone, ...facetConditions(query, facet)], { limit: 0, facets: [FACET_ATTRIBUTES[facet]] })),
  ];
  const { results } = await client.multiSearch<MultiSearchParams, Sortable>({ queries });
  const [list, free, ...own] = results as [MultiSearchResult<Sortable>, MultiSearchResult<Sortable>, ...MultiSearchResult<Sortable>[]];
  const counts = { ...nothing };
  for (const facet of others) counts[facet] = free.facetDistribution?.[FACET_ATTRIBUTES[facet]] ?? {};
  chosen.forEach((facet, i) => (counts[facet] = own[i]!.facetDistribution?.[FACET_ATTRIBUTES[facet]] ?? {}));
  const keys = byRelevance ? list.hits.map((hit) => hit.key) : mergeSorted(list.hits, passing, query).slice(from, to);
  return { keys, counts, total: free.estimatedTotalHits ?? 0 };
}

/** Two lists without common entries in the order asked for; missing figures last, equals by id. */
function mergeSorted(a: readonly Sortable[], b: readonly Sortable[], query: SearchQuery): string[] {
  const attribute = SORT_ATTRIBUTE[query.sort];
  const figure = (entry: Sortable): number => entry[attribute] ?? -Infinity;
  return [...a, ...b].sort((x, y) => (figure(x) === figure(y) ? x.order - y.order : figure(y) - figure(x))).map((entry) => entry.key);
}

/** The rows of a page, in order, with what found them. `words`: null when no words were searched. */
async function loadHits(client: Meilisearch, index: string, keys: string[], words: string | null, near: ReadonlySet<string>): Promise<SearchHit[]> {
  if (keys.length === 0) return [];
  const filter = [among(keys)];
  const queries: MultiSearchQuery[] = [{ indexUid: index, q: '', filter, limit: keys.length, attributesToRetrieve: [...HIT_ATTRIBUTES] }];
  if (words !== null) queries.push({ indexUid: index, q: words, matchingStrategy: 'frequency', filter, limit: keys.length, attributesToRetrieve: ['key'] });
  const { results } = await client.multiSearch<MultiSearchParams, StoredHit>({ queries });
  const rows = new Map(results[0]!.hits.map((hit) => [hit.key, hit]));
  const byWords = new Set(results[1]?.hits.map((hit) => hit.key));
  return keys.flatMap((key) => {
    const row = rows.get(key);
    return row ? [toHit(row, [...(byWords.has(key) ? ['words' as const] : []), ...(near.has(key) ? ['meaning' as const] : [])])] : [];
  });
}

function addCounts(words: Record<Facet, Record<string, number>>, meaning: SearchResults['facets']): SearchResults['facets'] {
  const joined = (facet: Facet): { value: string; count: number }[] => {
    const counts = new Map(Object.entries(words[facet]).filter(([, count]) => count > 0));
    for (const { value, count } of meaning[facet]) counts.set(value, (counts.get(value) ?? 0) + count);
    return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
  };
  const facets = Object.fromEntries(FACETS.map((facet) => [facet, joined(facet)])) as SearchResults['facets'];
  return { ...facets, layer: facets.layer.sort((a, b) => Number(a.value) - Number(b.value)) };
}
