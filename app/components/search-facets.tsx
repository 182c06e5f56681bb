import Link from 'next/link';
import { formatScore, formatShare } from '#lib/format/number.ts';
import type { SearchQuery, SearchResults } from '#lib/search/schema.ts';
import { searchHref } from '#lib/url/search.ts';
import { AutoSubmit } from './auto-submit.tsx';
import { FacetList } from './facet-list.tsx';
import { RangeSelect } from './range-select.tsx';

const METHOD_NAMES: Record<string, string> = { lexical: 'baseline', llm: 'language model' };
export const SCORE_STEPS = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95] as const;
export const FREQUENCY_STEPS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05] as const;

/** The filters of a search, with how many latents each leaves. One GET form: ticking a box sends it, or its button does. */
export function SearchFacets({ query, facets }: { query: SearchQuery; facets: SearchResults['facets'] }) {
  const chosen =
    query.model.length +
    query.coder.length +
    query.layer.length +
    query.hookpoint.length +
    query.method.length +
    [query.minScore, query.minFrequency, query.maxFrequency].filter((bound) => bound !== undefined).length;
  return (
    <details className="facets facets-fold">
      <summary>
        <span>Filters</span>
        {chosen > 0 && <span className="chip chip-on">{chosen}</span>}
      </summary>
      <AutoSubmit action="/search" label="Filters">
        {query.q !== '' && <input type="hidden" name="q" value={query.q} />}
        {query.sort !== 'relevance' && <input type="hidden" name="sort" value={query.sort} />}
        <FacetList title="Model" name="model" options={facets.model} chosen={query.model} />
        <FacetList title="Sparse coder" name="coder" options={facets.coder} chosen={query.coder} />
        <FacetList title="Hookpoint" name="hookpoint" options={facets.hookpoint} chosen={query.hookpoint} />
        <FacetList title="Layer" name="layer" options={facets.layer} chosen={query.layer.map(String)} />
        <FacetList title="Method" name="method" options={facets.method} chosen={query.method} label={(value) => METHOD_NAMES[value] ?? value} />
        <RangeSelect label="Score surely at least" name="minScore" value={query.minScore} steps={SCORE_STEPS} format={formatScore} />
        <RangeSelect label="Fires on at least" name="minFrequency" value={query.minFrequency} steps={FREQUENCY_STEPS} format={formatShare} />
        <RangeSelect label="Fires on at most" name="maxFrequency" value={query.maxFrequency} steps={FREQUENCY_STEPS} format={formatShare} />
        <div className="flex gap-2">
          <button type="submit" className="btn">
            Apply
          </button>
          {chosen > 0 && (
            <Link className="btn" href={searchHref({ q: query.q, sort: query.sort })} prefetch={false}>
              Clear
            </Link>
          )}
        </div>
      </AutoSubmit>
    </details>
  );
}
