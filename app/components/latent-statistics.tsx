import type { LatentDetail } from '#lib/catalogue/schema.ts';
import { formatActivation, formatCount, formatShare, plural } from '#lib/format/number.ts';
import type { LatentProfileView } from '#lib/latent/profile.ts';
import { visibleText } from '#lib/token/visible.ts';
import { Histogram } from './histogram.tsx';

/** Bits that nobody needs to tell from none. */
const LITTLE = 0.001;

/** A latent's figures in words and numbers. */
export function LatentStatistics({ latent }: { latent: LatentDetail }) {
  const { profile } = latent;
  return (
    <section className="section">
      <h2>Statistics</h2>
      <dl className="pairs">
        <dt>fires on</dt>
        <dd>
          <span className="num">{formatCount(latent.firingCount)}</span> of <span className="num">{formatCount(latent.tokenCount)}</span> tokens,{' '}
          {formatShare(latent.frequency)}
        </dd>
        {profile !== null && profile.windows > 0 && (
          <>
            <dt>in</dt>
            <dd>
              {plural(profile.windows, 'window')}, {formatShare(profile.windowFrequency)}
              {profile.tokens !== null && <>, of {plural(profile.tokens.documents, 'document')}</>}
            </dd>
          </>
        )}
        <dt>activation</dt>
        <dd className="num">
          mean {formatActivation(latent.meanActivation)}, max {formatActivation(latent.maxActivation)}
        </dd>
        {profile !== null && latent.firingCount > 0 && <ProfilePairs profile={profile} />}
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
      {profile !== null && latent.firingCount > 0 && <PositionFigure profile={profile} />}
    </section>
  );
}

function ProfilePairs({ profile: { quantiles, tokens, positionInformation } }: { profile: LatentProfileView }) {
  const quantile = (tenth: number): string => formatActivation(quantiles[tenth] ?? 0);
  return (
    <>
      <dt>its tenths</dt>
      <dd className="num" title={`deciles: ${quantiles.map(formatActivation).join(', ')}`}>
        10 % {quantile(1)}, median {quantile(5)}, 90 % {quantile(9)}
      </dd>
      {tokens !== null && (
        <>
          <dt>main token</dt>
          <dd>
            <span className="mono">{visibleText(tokens.mostFrequent)}</span>, {formatShare(tokens.mostFrequentShare)} of the time
          </dd>
          <dt>token entropy</dt>
          <dd>
            <span className="num">{tokens.entropy.toFixed(1)}</span> bits
          </dd>
        </>
      )}
      <dt>position</dt>
      <dd title="Mutual information of firing and the place in the row">
        tells <span className="num">{positionInformation < LITTLE ? `< ${LITTLE}` : positionInformation.toFixed(3)}</span> bits a token
      </dd>
    </>
  );
}

function PositionFigure({ profile: { positions, rowLength } }: { profile: LatentProfileView }) {
  return (
    <details className="mt-2 text-t1 text-ink-3 no-print">
      <summary>Where in the row it fires</summary>
      <div className="mt-2">
        <Histogram
          label={`Histogram of the places in the row, from 0 to ${rowLength}`}
          series={[{ name: 'tokens', counts: positions, tone: 'fire' }]}
          from={0}
          to={rowLength}
          format={formatCount}
          unit="tokens"
        />
      </div>
    </details>
  );
}
