import type { Metadata } from 'next';
import Link from 'next/link';
import { Breadcrumbs } from '#app/components/breadcrumbs.tsx';
import { CoderFigures } from '#app/components/coder-figures.tsx';
import { CoderPrecision } from '#app/components/coder-precision.tsx';
import { LatentFilters } from '#app/components/latent-filters.tsx';
import { LatentTable } from '#app/components/latent-table.tsx';
import { MedianWhisker } from '#app/components/median-whisker.tsx';
import { ScoreDistributionFigure } from '#app/components/score-distribution-figure.tsx';
import { StatusCounts } from '#app/components/status-counts.tsx';
import { WhiskerLegend } from '#app/components/whisker-legend.tsx';
import { read } from '#app/read.ts';
import { type LatentListInput, latentListInputSchema } from '#lib/catalogue/schema.ts';
import { formatCount, plural } from '#lib/format/number.ts';
import { whatIsGoingOn } from '#lib/run/going-on.ts';
import { coderPath, href, modelPath } from '#lib/url/href.ts';
import { type PageParams, parseLenient } from '#lib/url/lenient.ts';

interface Props {
  params: Promise<{ model: string; coder: string }>;
  searchParams: Promise<PageParams>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const coder = await read(async (api) => api.coders.get(await params));
  const title = `${coder.name} of ${coder.model}`;
  const description =
    `${plural(coder.width, 'latent')} at ${coder.inputHookpoints.join(', ')}, ${formatCount(coder.counts.explained)} of them explained. ${coder.description}`.trim();
  const canonical = coderPath(coder.model, coder.slug);
  return { title, description, alternates: { canonical }, openGraph: { title, description, url: canonical } };
}

export default async function CoderPage({ params, searchParams }: Props) {
  const place = await params;
  const given = await searchParams;
  const { value, ignored } = parseLenient(latentListInputSchema.omit({ model: true, coder: true }), given);
  const query: LatentListInput = { ...place, ...value };
  const [coder, distribution, precision, list, { run }] = await read((api) =>
    Promise.all([api.coders.get(place), api.coders.scoreDistribution(place), api.coders.precision(place), api.latents.list(query), api.runs.current(place)]),
  );
  const listHref = (change: Partial<LatentListInput>): string => {
    const { model: _model, coder: _coder, limit, sort, order, ...filters } = { ...query, ...change };
    return href(coderPath(coder.model, coder.slug), {
      ...filters,
      sort: sort === 'index' ? undefined : sort,
      order: order === 'asc' ? undefined : order,
      limit: limit === 50 ? undefined : limit,
    });
  };
  return (
    <main id="main">
      <Breadcrumbs items={[{ text: coder.model, href: modelPath(coder.model) }, { text: coder.slug }]}>
        {coder.counts.explained > 0 && (
          <Link className="btn" href={`${coderPath(coder.model, coder.slug)}/random`} prefetch={false} data-shortcut="random">
            Random
          </Link>
        )}
      </Breadcrumbs>
      <h1>{coder.name}</h1>
      {coder.description !== '' && <p className="mt-2 max-w-[42em] text-ink-2">{coder.description}</p>}
      <p className="facts mt-3 mb-6">
        <span>
          reads <b className="mono">{coder.inputHookpoints.join(', ')}</b>
        </span>
        {coder.outputHookpoints.join() !== coder.inputHookpoints.join() && (
          <span>
            writes <b className="mono">{coder.outputHookpoints.join(', ')}</b>
          </span>
        )}
        <span>
          {coder.activation}
          {coder.k === null ? (
            ''
          ) : (
            <>
              , k <b className="num">{coder.k}</b>
            </>
          )}
        </span>
        <span>
          <b className="num">{formatCount(coder.width)}</b> latents
        </span>
        <span>{coder.format} format</span>
      </p>
      {run !== null && (
        <p className="note mb-6">
          Run {run.id} of this coder is {run.state === 'queued' ? 'queued' : 'going on'}. {whatIsGoingOn(run)}
        </p>
      )}
      <div className="grid grid-cols-2 gap-x-10 max-lg:grid-cols-1">
        <section className="section">
          <h2>
            Embedding scores <span className="aside">of {plural(distribution.n, 'latent')}</span>
          </h2>
          {distribution.n === 0 ? <p className="text-ink-2">Nothing is scored yet.</p> : <ScoreDistributionFigure distribution={distribution} />}
          {coder.embeddingScore !== null && (
            <div className="mt-3">
              <MedianWhisker name="Median" score={coder.embeddingScore} />
            </div>
          )}
        </section>
        <section className="section">
          <h2>
            Latents by status <span className="aside">none is left out</span>
          </h2>
          <StatusCounts counts={coder.counts} width={coder.width} hrefOf={(status) => listHref({ status, cursor: undefined })} />
        </section>
      </div>
      {coder.counts.latents > 0 && <CoderFigures profile={coder.profile} />}
      {coder.counts.explained > 0 && <CoderPrecision lines={precision.lines} />}
      <section className="section">
        <h2 id="latents">Latents</h2>
        <LatentFilters action={coderPath(coder.model, coder.slug)} query={query} />
        {ignored.length > 0 && <p className="note mb-3">Not understood and left out: {ignored.join(', ')}.</p>}
        {list.latents.length === 0 ? (
          <p className="py-6 text-ink-2">
            {coder.counts.latents > 0
              ? 'No latent passes these filters.'
              : run !== null
                ? 'No latent is there yet; they appear as the run comes to them.'
                : 'No run has looked at this coder yet; its latents appear here as one does.'}
          </p>
        ) : (
          <>
            <LatentTable rows={list.latents} sort={query.sort} order={query.order} sortHref={(sort, order) => listHref({ sort, order, cursor: undefined })} />
            <nav aria-label="Pages" className="mt-4 mb-6 flex gap-2">
              {query.cursor !== undefined && (
                <Link className="btn" href={listHref({ cursor: undefined })} prefetch={false}>
                  ← First page
                </Link>
              )}
              {list.nextCursor !== null && (
                <Link className="btn" rel="next" href={`${listHref({ cursor: list.nextCursor })}#latents`} prefetch={false}>
                  Next {query.limit} →
                </Link>
              )}
            </nav>
            <WhiskerLegend />
          </>
        )}
      </section>
    </main>
  );
}
