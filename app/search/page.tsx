import type { Metadata } from 'next';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { LatentHit } from '#app/components/latent-hit.tsx';
import { Pager } from '#app/components/pager.tsx';
import { SearchFacets } from '#app/components/search-facets.tsx';
import { WhiskerLegend } from '#app/components/whisker-legend.tsx';
import { read } from '#app/read.ts';
import type { CatalogueOverview } from '#lib/catalogue/overview.ts';
import { formatCount } from '#lib/format/number.ts';
import { parseLatentId } from '#lib/latent/id.ts';
import type { SearchPage as Results, SearchPageHit } from '#lib/search/page.ts';
import { SEARCH_SORTS, type SearchQuery, searchQuerySchema } from '#lib/search/schema.ts';
import { whatIsGoingOn } from '#lib/run/going-on.ts';
import type { PublicRun } from '#lib/run/public.ts';
import { latentPath } from '#lib/url/href.ts';
import { type PageParams, parseLenient } from '#lib/url/lenient.ts';
import { SEARCH_LISTS, searchHref } from '#lib/url/search.ts';

interface Props {
  searchParams: Promise<PageParams>;
}

const SORT_NAMES: Record<SearchQuery['sort'], string> = { relevance: 'Best match', score: 'Score', frequency: 'Frequency', max_activation: 'Maximum' };

export async function generateMetadata({ searchParams }: Props): Promise<Metadata> {
  const { value: query } = parseLenient(searchQuerySchema, await searchParams, SEARCH_LISTS);
  return { title: query.q === '' ? 'Search' : `${query.q} · search`, robots: { index: false }, alternates: { canonical: searchHref(query) } };
}

export default async function SearchPage({ searchParams }: Props) {
  const { value: query, ignored } = parseLenient(searchQuerySchema, await searchParams, SEARCH_LISTS);
  const id = parseLatentId(query.q);
  if (id !== null) redirect(latentPath(id.model, id.coder, id.index));
  const results = await read((api) => api.search.query(query));
  const around = results.hits.length === 0 ? await read((api) => Promise.all([api.catalogue.overview({}), api.runs.current({})])) : null;
  return (
    <main id="main">
      <h1 className="sr-only">{query.q === '' ? 'Search' : `Search: ${query.q}`}</h1>
      <div className="with-facets">
        <aside aria-label="Filters">
          <SearchFacets query={query} facets={results.facets} />
        </aside>
        <div className="min-w-0">
          <h2 className="sr-only">Results</h2>
          <div className="crumbs">
            <p role="status">
              <b className="num text-ink">{formatCount(results.total)}</b> {results.total === 1 ? 'latent' : 'latents'}
            </p>
            <Mode results={results} />
            <nav aria-label="Sort" className="ml-auto flex flex-wrap gap-1 max-sm:ml-0 max-sm:basis-full">
              {SEARCH_SORTS.map((sort) => (
                <Link
                  key={sort}
                  className={sort === query.sort ? 'chip chip-on' : 'chip'}
                  aria-current={sort === query.sort ? 'true' : undefined}
                  href={searchHref({ ...query, sort, page: 1 })}
                  prefetch={false}
                >
                  {SORT_NAMES[sort]}
                </Link>
              ))}
            </nav>
          </div>
          {ignored.length > 0 && <p className="note mb-3">Not understood and left out: {ignored.join(', ')}.</p>}
          {results.mode === 'words' && query.q !== '' && around?.[0].explained !== 0 && (
            <p className="note mb-3">Searched by words alone: the model that understands meaning did not answer in time. Searching again may find more.</p>
          )}
          {around !== null ? (
            <Nothing query={query} overview={around[0]} run={around[1].run} />
          ) : (
            <>
              <ul>
                {results.hits.map((hit) => (
                  <LatentHit key={hit.id} latent={shown(hit)} note={hit.matched.length === 0 ? undefined : `found by ${hit.matched.join(' and ')}`} />
                ))}
              </ul>
              <WhiskerLegend />
              <Pager page={results.page} pages={results.pages} hrefOf={(page) => searchHref({ ...query, page })} />
            </>
          )}
        </div>
      </div>
    </main>
  );
}

function Mode({ results }: { results: Results }) {
  if (results.mode === 'browse') return <span className="chip">everything</span>;
  return (
    <>
      {results.mode === 'hybrid' && <span className="chip chip-on">meaning</span>}
      <span className={results.mode === 'words' ? 'chip chip-on' : 'chip'}>words</span>
    </>
  );
}

function shown(hit: SearchPageHit) {
  const score =
    hit.score === null || hit.nPositives === null || hit.nNegatives === null
      ? null
      : { value: hit.score, lower: hit.scoreLower, upper: hit.scoreUpper, control: hit.control, nPositives: hit.nPositives, nNegatives: hit.nNegatives };
  return { ...hit, index: hit.latent, score };
}

function Nothing({ query, overview, run }: { query: SearchQuery; overview: CatalogueOverview; run: PublicRun | null }) {
  const filtered =
    query.model.length + query.coder.length + query.layer.length + query.hookpoint.length + query.method.length > 0 ||
    query.minScore !== undefined ||
    query.minFrequency !== undefined ||
    query.maxFrequency !== undefined;
  const goingOn = run !== null && `Run ${run.id}: ${whatIsGoingOn(run)}`;
  if (overview.explained === 0) {
    return (
      <div className="py-10">
        <p className="text-t3 font-semibold">There is nothing to search yet.</p>
        <p className="mt-3 text-ink-2">{goingOn || 'Nothing is explained yet, and no run is going on.'}</p>
      </div>
    );
  }
  if (overview.indexed === 0) {
    return (
      <div className="py-10">
        <p className="text-t3 font-semibold">The search index is empty.</p>
        <p className="mt-3 text-ink-2">
          {formatCount(overview.explained)} latents are explained, and can be browsed from{' '}
          <Link className="link" href="/">
            the models
          </Link>
          . Whoever runs this site rebuilds the index with <code>npm run atlas -- reindex</code>.
        </p>
        {goingOn && <p className="mt-3 text-ink-2">{goingOn}</p>}
      </div>
    );
  }
  return (
    <div className="py-10">
      <p className="text-t3 font-semibold">{query.q === '' ? 'Nothing passes these filters.' : 'No explanation matches this.'}</p>
      <ul className="mt-3 list-disc pl-5 text-ink-2">
        {filtered && (
          <li>
            <Link className="link" href={searchHref({ q: query.q })} prefetch={false}>
              Search without the filters
            </Link>
          </li>
        )}
        {query.q !== '' && <li>Say it in other words, or in fewer: the search looks for meaning as well as for words.</li>}
        <li>
          <Link className="link" href="/search" prefetch={false}>
            Browse everything
          </Link>{' '}
          or look at{' '}
          <Link className="link" href="/random" prefetch={false}>
            a random latent
          </Link>
        </li>
        {goingOn && <li>{goingOn}</li>}
      </ul>
    </div>
  );
}
