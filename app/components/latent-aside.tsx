import type { LatentDetail } from '#lib/catalogue/schema.ts';
import { formatActivation, formatCount, formatShare, plural } from '#lib/format/number.ts';
import { href, latentApiPath } from '#lib/url/href.ts';
import { CopyButton } from './copy-button.tsx';
import { ExplanationCard } from './explanation-card.tsx';
import { Histogram } from './histogram.tsx';
import { WhiskerLegend } from './whisker-legend.tsx';

/** What stands beside a latent's examples: explanations with their scores, statistics, and how to fetch it all. */
export function LatentAside({ latent, address, site }: { latent: LatentDetail; address: string; site: string }) {
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
      {latent.withheldExplanations > 0 && (
        <p className="note mb-4">
          {plural(latent.withheldExplanations, 'explanation')} withheld: a document that went into it was taken down. The next run explains this latent anew,
          without that document.
        </p>
      )}
      {latent.firingCount > 0 && latent.histogram.length > 0 && (
        <section className="section">
          <h2>
            Activation <span className="aside">{plural(latent.firingCount, 'token')}, log counts</span>
          </h2>
          <Histogram
            label={`Histogram of activations from 0 to ${formatActivation(latent.maxActivation)}`}
            series={[{ name: 'tokens', counts: latent.histogram, tone: 'fire' }]}
            from={0}
            to={latent.maxActivation}
            log
            format={formatActivation}
            unit="tokens"
          />
        </section>
      )}
      <section className="section">
        <h2>Statistics</h2>
        <dl className="pairs">
          <dt>fires on</dt>
          <dd>
            <span className="num">{formatCount(latent.firingCount)}</span> of <span className="num">{formatCount(latent.tokenCount)}</span> tokens,{' '}
            {formatShare(latent.frequency)}
          </dd>
          <dt>activation</dt>
          <dd className="num">
            mean {formatActivation(latent.meanActivation)}, max {formatActivation(latent.maxActivation)}
          </dd>
          <dt>could be evidence</dt>
          <dd>
            {plural(latent.trainWindows, 'window')} of {plural(latent.trainDocuments, 'document')}
          </dd>
          <dt>could be exam</dt>
          <dd>
            {plural(latent.testWindows, 'window')} of {plural(latent.testDocuments, 'document')}
          </dd>
          <dt>hookpoint</dt>
          <dd className="mono">{latent.hookpoints.join(', ')}</dd>
          <dt>run</dt>
          <dd className="num">{latent.runId}</dd>
        </dl>
      </section>
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
