import type { Metadata } from 'next';
import Link from 'next/link';
import type { CatalogueOverview } from '#lib/catalogue/overview.ts';
import { formatCompact, formatCount } from '#lib/format/number.ts';
import { latentId } from '#lib/latent/id.ts';
import type { PublicRun } from '#lib/run/public.ts';
import { latentPath } from '#lib/url/href.ts';
import { searchHref } from '#lib/url/search.ts';
import { LatentHit } from './components/latent-hit.tsx';
import { ModelCard } from './components/model-card.tsx';
import { RunPanel } from './components/run-panel.tsx';
import { SearchField } from './components/search-field.tsx';
import { WhiskerLegend } from './components/whisker-legend.tsx';
import { read } from './read.ts';

export const metadata: Metadata = { alternates: { canonical: '/' } };

/** Searches to begin with: a meaning, another, exact words. */
const TRY = ['money and taxes', 'war at sea', '“court”'];

export default async function HomePage() {
  const [overview, { models }, { run }] = await read((api) => Promise.all([api.catalogue.overview({}), api.models.list({}), api.runs.current({})]));
  return (
    <main id="main">
      <div className="mx-auto max-w-[820px] pt-[min(8vh,64px)]">
        <h1 className="!text-hero !max-w-none">What happens inside a language model, in plain words</h1>
        <p className="mt-2 mb-6 max-w-[40em] text-ink-2">
          Every latent of a sparse coder, explained, scored on text it was not explained from, and searchable. Nothing here is a black box: each score has its
          interval, its control and its record.
        </p>
        <SearchField id="home-search" big />
        <Suggestions overview={overview} />
        {run !== null && <RunPanel run={run} />}
        <Holdings overview={overview} run={run} />
        {overview.featured.length > 0 && (
          <section className="section">
            <h2>
              Some of the best explained <span className="aside">by the lower end of the score’s interval</span>
            </h2>
            <ul className="-mt-3">
              {overview.featured.map((latent) => (
                <LatentHit key={latentId(latent)} latent={{ ...latent, text: latent.explanation ?? latentId(latent), method: latent.method ?? '' }} />
              ))}
            </ul>
            <WhiskerLegend />
          </section>
        )}
        <section className="section" id="models">
          <h2>Models</h2>
          {models.length === 0 ? (
            <p className="text-ink-2">No model is registered yet.</p>
          ) : (
            <ul>
              {models.map((model) => (
                <ModelCard key={model.slug} model={model} />
              ))}
            </ul>
          )}
        </section>
      </div>
    </main>
  );
}

function Suggestions({ overview }: { overview: CatalogueOverview }) {
  const [first] = overview.featured;
  if (overview.indexed === 0 || overview.indexed === null) return <div className="mb-10" />;
  return (
    <p className="mt-3 mb-10 flex flex-wrap items-center gap-2 text-t1">
      <span className="text-ink-3">Try</span>
      {TRY.map((q) => (
        <Link key={q} className="chip" href={searchHref({ q })} prefetch={false}>
          {q}
        </Link>
      ))}
      {first !== undefined && (
        <Link className="chip mono" href={latentPath(first.model, first.coder, first.index)} prefetch={false}>
          {latentId(first)}
        </Link>
      )}
      <Link className="chip" href="/random" prefetch={false}>
        a random latent
      </Link>
    </p>
  );
}

function Holdings({ overview, run }: { overview: CatalogueOverview; run: PublicRun | null }) {
  return (
    <section className="section">
      <h2>In this atlas</h2>
      <p className="facts">
        <Fact n={overview.models} of={['model', 'models']} />
        <Fact n={overview.coders} of={['sparse coder', 'sparse coders']} />
        <Fact n={overview.latents} of={['latent', 'latents']} />
        <Fact n={overview.explanations} of={['explanation', 'explanations']} />
        <Fact n={overview.scores} of={['score', 'scores']} />
        {overview.tokens > 0 && (
          <span>
            <b className="num">{formatCompact(overview.tokens)}</b> tokens read
          </span>
        )}
      </p>
      {overview.explained === 0 && (
        <p className="note mt-3">
          {run !== null
            ? `Nothing is explained yet: run ${run.id} is at it.`
            : 'Nothing is explained yet and no run is going on. An admin starts one under “Runs” after signing in.'}
        </p>
      )}
    </section>
  );
}

function Fact({ n, of }: { n: number; of: [string, string] }) {
  return (
    <span>
      <b className="num">{formatCount(n)}</b> {n === 1 ? of[0] : of[1]}
    </span>
  );
}
