import type { Pool } from 'pg';
import { AppError } from '#lib/errors/app-error.ts';
import { type FacetGroup, facetCounts, passesFacets } from '#lib/search/facet-counts.ts';
import { parseQueryWords } from '#lib/search/query-words.ts';
import { FUSED_DEPTH, fusedPage } from '#lib/search/fused-page.ts';
import type { SearchHit, SearchQuery, SearchResults } from '#lib/search/schema.ts';
import { type IndexedCoder, listIndexedCoders } from './embedded/coder-list.ts';
import { boundsCondition, filtersCondition, foundCondition, meaningCondition, Parameters, wordsCondition, wordsScore } from './embedded/conditions.ts';
import { findMeaning } from './embedded/find-meaning.ts';
import { anyOf } from './embedded/tsquery.ts';
import { removeEntries, removeLatents, upsertEntries } from './embedded/upsert-entries.ts';
import { planWords, type WordPlan } from './embedded/word-plan.ts';
import type { SearchEngine, VectorScan } from './types.ts';

/** A query and everything looked up for it before the entries themselves are asked for. */
interface Lookup {
  query: SearchQuery;
  /** Null: browsing. */
  plan: WordPlan | null;
  /** Entries near in meaning, nearest first, under no filter yet. */
  meaning: string[];
  coders: IndexedCoder[];
  /** Null: all. */
  coderIds: string[] | null;
}

/** Column orders of the sorts; ties by id, so that pages neither repeat nor skip. */
const ORDER = {
  relevance: 'score_lower DESC NULLS LAST, id',
  score: 'score_lower DESC NULLS LAST, id',
  frequency: 'frequency DESC, id',
  max_activation: 'max_activation DESC, id',
} as const satisfies Record<SearchQuery['sort'], string>;

/**
 * Search inside PostgreSQL: full text with stems, prefixes, phrases and corrected typos for words, `vectorScan` for
 * meaning (null: words only), fused by reciprocal rank. Tables: the search migration. The pool stays the caller's.
 */
export function createEmbeddedEngine({ pool, vectorScan }: { pool: Pool; vectorScan: VectorScan | null }): SearchEngine {
  const search = async (query: SearchQuery, vector: Float32Array | null): Promise<SearchResults> => {
    const started = performance.now();
    const browsing = query.q.trim() === '';
    const coders = await listIndexedCoders(pool);
    const coderIds = choosesCoders(query)
      ? coders.filter((coder) => passesFacets({ ...coder, method: '' }, { ...query, method: [] })).map((coder) => coder.id)
      : null;
    const [plan, meaning] = await Promise.all([
      browsing ? null : planWords(pool, parseQueryWords(query.q)),
      browsing || vector === null || vectorScan === null ? null : findMeaning(vectorScan, vector, coderIds),
    ]);
    const lookup: Lookup = { query, plan, meaning: meaning ?? [], coders, coderIds };
    const [groups, ids] = await Promise.all([countGroups(pool, lookup), pageIds(pool, lookup)]);
    const { facets, total } = facetCounts(groups, query);
    return {
      hits: await loadHits(pool, lookup, ids),
      total,
      page: query.page,
      pages: Math.ceil(total / query.limit),
      facets,
      mode: browsing ? 'browse' : meaning === null ? 'words' : 'hybrid',
      engine: 'embedded',
      tookMs: performance.now() - started,
    };
  };

  return {
    name: 'embedded',
    prepare: async () => {
      const { rows } = await pool.query<{ present: boolean }>("SELECT to_regclass('search_state') IS NOT NULL AS present");
      if (!rows[0]!.present) throw new AppError('database_unavailable', 'The database lacks the search tables: apply the migrations first.');
    },
    upsert: async (documents) => void (await upsertEntries(pool, documents)),
    remove: (coderId, latents) => removeLatents(pool, coderId, latents),
    clear: async () => void (await removeEntries(pool, null)),
    count: async () => {
      const { rows } = await pool.query<{ n: number }>('SELECT count(*)::int AS n FROM search_entries');
      return rows[0]!.n;
    },
    rebuild: async (batches) => {
      const { rows } = await pool.query<{ revision: string }>('SELECT revision::text FROM search_state');
      let count = 0;
      for await (const batch of batches) {
        await upsertEntries(pool, batch);
        count += batch.length;
      }
      await removeEntries(pool, BigInt(rows[0]!.revision));
      return count;
    },
    search,
    close: async () => {},
  };
}

function choosesCoders(query: SearchQuery): boolean {
  return [query.model, query.coder, query.layer, query.hookpoint].some((filter) => filter.length > 0);
}

/** What is found under the bounds alone, by coder and method: facets and the total are worked out from this. */
async function countGroups(pool: Pool, { query, plan, meaning, coders }: Lookup): Promise<FacetGroup[]> {
  const parameters = new Parameters();
  const { rows } = await pool.query<{ coderId: string; method: string; count: number }>(
    `SELECT coder_id::text AS "coderId", method, count(*)::int AS count FROM search_entries
     WHERE ${foundCondition(plan, meaning, parameters)} AND ${boundsCondition(query, parameters)}
     GROUP BY coder_id, method`,
    parameters.values,
  );
  const byId = new Map(coders.map((coder) => [coder.id, coder]));
  // A coder that was indexed between the two statements is counted by the next search.
  return rows.flatMap(({ coderId, method, count }) => {
    const coder = byId.get(coderId);
    return coder ? [{ ...coder, method, count }] : [];
  });
}

/** Ids of the page asked for, in order. */
async function pageIds(pool: Pool, lookup: Lookup): Promise<string[]> {
  const { query, plan, meaning, coderIds } = lookup;
  if (plan !== null && query.sort === 'relevance') {
    const depth = Math.max(FUSED_DEPTH, query.page * query.limit);
    const [byWords, byMeaning] = await Promise.all([rankByWords(pool, lookup, plan, depth), keepFiltered(pool, lookup, plan)]);
    return fusedPage(byWords, byMeaning, query);
  }
  const parameters = new Parameters();
  const { rows } = await pool.query<{ id: string }>(
    `SELECT id::text FROM search_entries
     WHERE ${foundCondition(plan, meaning, parameters)} AND ${filtersCondition(query, coderIds, parameters)}
     ORDER BY ${ORDER[query.sort]} LIMIT ${parameters.add(query.limit, 'int')} OFFSET ${parameters.add((query.page - 1) * query.limit, 'int')}`,
    parameters.values,
  );
  return rows.map((row) => row.id);
}

/** Best first; among equals those that are short or say it often, then the better explanation. */
async function rankByWords(pool: Pool, { query, coderIds }: Lookup, plan: WordPlan, depth: number): Promise<string[]> {
  const parameters = new Parameters();
  const condition = wordsCondition(plan, parameters);
  if (condition === null) return [];
  const density =
    plan.terms.length > 0 ? `ts_rank('{1, 1, 1, 1}', words, ${parameters.add(anyOf(plan.terms.map((term) => term.any)), 'tsquery')}, 1)` : 'length(text)';
  const { rows } = await pool.query<{ id: string }>(
    `SELECT id::text FROM search_entries WHERE ${condition} AND ${filtersCondition(query, coderIds, parameters)}
     ORDER BY ${wordsScore(plan, parameters)} DESC, ${density} DESC, ${ORDER.relevance} LIMIT ${parameters.add(depth, 'int')}`,
    parameters.values,
  );
  return rows.map((row) => row.id);
}

/** The entries found by meaning that pass the filters, order kept. */
async function keepFiltered(pool: Pool, { query, meaning, coderIds }: Lookup, plan: WordPlan): Promise<string[]> {
  if (meaning.length === 0) return [];
  const parameters = new Parameters();
  const { rows } = await pool.query<{ id: string }>(
    `SELECT id::text FROM search_entries WHERE ${meaningCondition(plan, meaning, parameters)} AND ${filtersCondition(query, coderIds, parameters)}`,
    parameters.values,
  );
  const passing = new Set(rows.map((row) => row.id));
  return meaning.filter((id) => passing.has(id));
}

async function loadHits(pool: Pool, { plan, meaning }: Lookup, ids: string[]): Promise<SearchHit[]> {
  if (ids.length === 0) return [];
  const parameters = new Parameters();
  const byWords = plan === null ? null : wordsCondition(plan, parameters);
  const { rows } = await pool.query<Omit<SearchHit, 'matched'> & { byWords: boolean }>(
    `SELECT id::text, model_slug AS model, coder_slug AS coder, latent_index AS latent, text, method, layer, hookpoints, score,
       score_lower AS "scoreLower", frequency, max_activation AS "maxActivation", ${byWords ?? 'FALSE'} AS "byWords"
     FROM search_entries WHERE id = ANY(${parameters.add(ids, 'bigint[]')})`,
    parameters.values,
  );
  const near = new Set(meaning);
  const found = new Map(rows.map((row) => [row.id, row]));
  // An entry that was replaced since its id was read is left out rather than shown under another rank.
  return ids.flatMap((id) => {
    const row = found.get(id);
    if (!row) return [];
    const { byWords: words, ...hit } = row;
    return [{ ...hit, matched: [...(words ? ['words' as const] : []), ...(near.has(id) ? ['meaning' as const] : [])] }];
  });
}
