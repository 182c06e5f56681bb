import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { cache } from 'react';
import { EmbeddedLatent } from '#app/components/embedded-latent.tsx';
import { EnteredExplanations } from '#app/components/entered-explanations.tsx';
import { ExplanationEntry } from '#app/components/explanation-entry.tsx';
import { ExamVerdicts } from '#app/components/exam-verdicts.tsx';
import { Breadcrumbs } from '#app/components/breadcrumbs.tsx';
import { LatentAside } from '#app/components/latent-aside.tsx';
import { LatentExamples } from '#app/components/latent-examples.tsx';
import { LatentFacts } from '#app/components/latent-facts.tsx';
import { LatentNeighbours } from '#app/components/latent-neighbours.tsx';
import { LatentTabs } from '#app/components/latent-tabs.tsx';
import { read } from '#app/read.ts';
import { siteUrl } from '#app/site-url.ts';
import { currentViewer } from '#app/viewer.ts';
import { formatScore, formatShare } from '#lib/format/number.ts';
import { statusReason } from '#lib/latent/status-reason.ts';
import { examToShow, latentViewSchema } from '#lib/latent/view.ts';
import { coderPath, latentPath, modelPath } from '#lib/url/href.ts';
import { type PageParams, parseLenient } from '#lib/url/lenient.ts';
import { callerFor } from '#server/caller.ts';
import { enterExplanation, moderateExplanation } from './actions.ts';

interface Props {
  params: Promise<{ model: string; coder: string; index: string }>;
  searchParams: Promise<PageParams>;
}

const latentOf = cache((model: string, coder: string, index: string) => read((api) => api.latents.get({ model, coder, index: Number(index) })));

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { model, coder, index } = await params;
  const latent = await latentOf(model, coder, index);
  const [best] = latent.explanations;
  const score = best?.scores.find((one) => one.scorer === 'embedding' && one.current && one.value !== null && one.lower !== null && one.upper !== null);
  const scored =
    score === undefined
      ? ''
      : ` Embedding score ${formatScore(score.value ?? 0)} (95 % interval ${formatScore(score.lower ?? 0)} to ${formatScore(score.upper ?? 0)}).`;
  const title = best === undefined ? `Latent ${index} of ${coder}` : best.text;
  const description =
    `${latent.id}: ${best === undefined ? (statusReason(latent)?.title ?? 'not explained yet') : best.text}.${scored} Fires on ${formatShare(latent.frequency)} of tokens.`.replace(
      '..',
      '.',
    );
  const canonical = latentPath(model, coder, latent.index);
  return {
    title,
    description,
    alternates: { canonical, types: { 'application/json': `/api/v1/latents${canonical}` } },
    openGraph: { title, description, url: canonical, type: 'article' },
  };
}

export default async function LatentPage({ params, searchParams }: Props) {
  const { model, coder, index } = await params;
  // One latent has one address: 007 is 7.
  if (String(Number(index)) !== index) redirect(latentPath(model, coder, Number(index)));
  const { value } = parseLenient(latentViewSchema, await searchParams);
  const latent = await latentOf(model, coder, index);
  const address = latentPath(model, coder, latent.index);
  if (value.embed === 'true') return <EmbeddedLatent latent={latent} address={new URL(address, await siteUrl()).href} />;
  const shownScore = examToShow(latent.explanations, latent.scores, value.score);
  const exam =
    value.view === 'verdicts' && shownScore !== null
      ? await read((api) => api.latents.exam({ model, coder, index: latent.index, score: shownScore.id }))
      : null;
  const viewer = await currentViewer();
  const entered = viewer === null ? [] : (await (await callerFor(await headers())).latents.entered({ model, coder, index: latent.index })).explanations;
  const [best] = latent.explanations;
  const reason = statusReason(latent);
  return (
    <main id="main">
      <Breadcrumbs
        items={[
          { text: model, href: modelPath(model) },
          { text: coder, href: coderPath(model, coder) },
          { text: index, mono: true },
        ]}
      >
        <LatentNeighbours latent={latent} view={value.view} />
      </Breadcrumbs>
      <h1>{best?.text ?? reason?.title ?? `Latent ${index}, not explained yet`}</h1>
      <LatentFacts latent={latent} />
      {reason !== null && <p className="note mb-6 max-w-[48rem]">{reason.text}</p>}
      <div className="cols">
        <section className="section min-w-0" aria-labelledby="examples">
          <h2 id="examples" className="sr-only">
            Examples
          </h2>
          <LatentTabs address={address} view={value.view} latent={latent} hasExam={shownScore !== null} />
          {exam === null ? (
            <LatentExamples latent={latent} view={value.view} />
          ) : (
            <ExamVerdicts
              exam={exam}
              only={value.class}
              address={address}
              explanations={latent.explanations}
              ofLatent={latent.scores}
              max={latent.maxActivation}
            />
          )}
        </section>
        <aside className="min-w-0" aria-label="Explanations and statistics">
          <LatentAside latent={latent} address={address} site={(await siteUrl()).href}>
            <ExplanationEntry signedIn={viewer !== null} address={address} action={enterExplanation.bind(null, { model, coder, index: latent.index })}>
              <EnteredExplanations
                entered={entered}
                admin={viewer?.admin === true}
                action={moderateExplanation.bind(null, { model, coder, index: latent.index })}
              />
            </ExplanationEntry>
          </LatentAside>
        </aside>
      </div>
    </main>
  );
}
