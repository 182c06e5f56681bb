import type { Metadata } from 'next';
import { Breadcrumbs } from '#app/components/breadcrumbs.tsx';
import { CoderCard } from '#app/components/coder-card.tsx';
import { WhiskerLegend } from '#app/components/whisker-legend.tsx';
import { read } from '#app/read.ts';
import { formatCompact, formatCount, plural } from '#lib/format/number.ts';
import { modelPath } from '#lib/url/href.ts';

interface Props {
  params: Promise<{ model: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const model = await read(async (api) => api.models.get(await params));
  const description =
    `${model.name}: ${plural(model.coders, 'sparse coder')}, ${plural(model.explainedLatents, 'explained latent')}. ${model.description}`.trim();
  return {
    title: model.name,
    description,
    alternates: { canonical: modelPath(model.slug) },
    openGraph: { title: model.name, description, url: modelPath(model.slug) },
  };
}

export default async function ModelPage({ params }: Props) {
  const place = await params;
  const [model, { coders }, { run }] = await read((api) => Promise.all([api.models.get(place), api.coders.list(place), api.runs.current(place)]));
  return (
    <main id="main">
      <Breadcrumbs items={[{ text: 'Models', href: '/#models' }, { text: model.slug }]} />
      <h1>{model.name}</h1>
      {model.description !== '' && <p className="mt-2 max-w-[42em] text-ink-2">{model.description}</p>}
      <p className="facts mt-3 mb-6">
        <span>{model.family}</span>
        <span>
          <b className="num">{formatCompact(model.parameters)}</b> parameters
        </span>
        <span>
          <b className="num">{model.layers}</b> layers
        </span>
        <span>
          width <b className="num">{formatCount(model.width)}</b>
        </span>
        <span>
          vocabulary <b className="num">{formatCount(model.vocabulary)}</b>
        </span>
        <span>
          context <b className="num">{formatCount(model.contextLength)}</b> tokens
        </span>
        {model.license !== '' && <span>{model.license}</span>}
      </p>
      <section className="section max-w-[820px]">
        <h2>
          Sparse coders <span className="aside">{formatCount(model.explainedLatents)} latents explained</span>
        </h2>
        {coders.length === 0 ? (
          <p className="note">No sparse coder of this model is registered yet.</p>
        ) : (
          <>
            <ul className="-mt-3 mb-3">
              {coders.map((coder) => (
                <CoderCard key={coder.slug} coder={coder} run={run} />
              ))}
            </ul>
            {coders.some((coder) => coder.embeddingScore !== null) && <WhiskerLegend of="latents" />}
          </>
        )}
      </section>
    </main>
  );
}
