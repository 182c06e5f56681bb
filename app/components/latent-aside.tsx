import type { ReactNode } from 'react';
import type { LatentDetail } from '#lib/catalogue/schema.ts';
import { plural } from '#lib/format/number.ts';
import { href, latentApiPath } from '#lib/url/href.ts';
import { ActivationFigure } from './activation-figure.tsx';
import { CopyButton } from './copy-button.tsx';
import { ExplanationAttempts } from './explanation-attempts.tsx';
import { ExplanationCard } from './explanation-card.tsx';
import { LatentLogits } from './latent-logits.tsx';
import { LatentScores } from './latent-scores.tsx';
import { LatentStatistics } from './latent-statistics.tsx';
import { LatentTokens } from './latent-tokens.tsx';
import { NearLatents } from './near-latents.tsx';
import { WhiskerLegend } from './whisker-legend.tsx';

/** What stands beside a latent's examples: explanations with their scores, what it fires on and writes, its neighbours, statistics, and how to fetch it all. */
export function LatentAside({ latent, address, site, children }: { latent: LatentDetail; address: string; site: string; children?: ReactNode }) {
  const { profile } = latent;
  const api = latentApiPath(latent.model, latent.coder, latent.index);
  const curl = `curl ${new URL(api, site).href}`;
  return (
    <>
      {latent.explanations.length > 0 && (
        <section className="section">
          <h2>
            Explanations <span className="aside">{latent.explanations.length === 1 ? 'one so far' : `${latent.explanations.length}, newest first`}</span>
          </h2>
          <div className="card">
            {latent.explanations.map((explanation, i) => (
              <ExplanationCard
                key={explanation.id}
                explanation={explanation}
                first={i === 0}
                examHref={(score) => href(address, { view: 'verdicts', score: score.id })}
              />
            ))}
          </div>
          <div className="mt-2">
            <WhiskerLegend />
          </div>
        </section>
      )}
      <LatentScores scores={latent.scores} examHref={(score) => href(address, { view: 'verdicts', score: score.id })} />
      {latent.withheldExplanations > 0 && (
        <p className="note mb-4">
          {plural(latent.withheldExplanations, 'explanation')} withheld: a document that went into it was taken down. The next run explains this latent anew,
          without that document.
        </p>
      )}
      <ExplanationAttempts attempts={latent.attempts} />
      {children}
      <ActivationFigure latent={latent} />
      {profile?.tokens && <LatentTokens tokens={profile.tokens} activation={latent.meanActivation * latent.firingCount} />}
      {profile !== null &&
        (profile.logitEffects === null ? (
          <section className="section">
            <h2>What it writes</h2>
            <p className="text-t1 text-ink-2">This coder does not write into the residual stream where it reads, so nothing goes straight to the logits.</p>
          </section>
        ) : (
          <LatentLogits effects={profile.logitEffects} />
        ))}
      {profile !== null && <NearLatents neighbours={profile.neighbours} model={latent.model} coder={latent.coder} />}
      <LatentStatistics latent={latent} />
      {profile === null && (
        <p className="note mb-8">
          Its run looked at no tokens, effects on the logits or neighbours: it is older than these. Start the run again; what it collected is used, and only
          what is missing is done.
        </p>
      )}
      <section className="section no-print">
        <h2>
          Take it along{' '}
          <a className="aside link" href={api}>
            JSON
          </a>
        </h2>
        <pre className="copyable" tabIndex={0} aria-label="Command that fetches this latent">
          {curl}
        </pre>
        <p className="mt-2">
          <CopyButton text={curl} title="Copy the command">
            Copy command
          </CopyButton>
        </p>
      </section>
    </>
  );
}
