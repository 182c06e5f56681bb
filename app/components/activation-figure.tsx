import type { LatentDetail } from '#lib/catalogue/schema.ts';
import { formatActivation, formatCount, plural } from '#lib/format/number.ts';
import { Histogram } from './histogram.tsx';

/** How a latent's activations spread: over bins of equal ratio where its run counted them so, else of equal width. */
export function ActivationFigure({ latent }: { latent: LatentDetail }) {
  const histogram = withoutEmptyStart(latent.profile?.histogram ?? null);
  if (latent.firingCount === 0 || (histogram === null && latent.histogram.length === 0)) return null;
  return (
    <section className="section">
      <h2>
        Activation <span className="aside">{plural(latent.firingCount, 'token')}, log counts</span>
      </h2>
      {histogram === null ? (
        <Histogram
          label={`Histogram of activations from 0 to ${formatActivation(latent.maxActivation)}`}
          series={[{ name: 'tokens', counts: latent.histogram, tone: 'fire' }]}
          from={0}
          to={latent.maxActivation}
          log
          format={formatActivation}
          unit="tokens"
        />
      ) : (
        <>
          <Histogram
            label={`Histogram of activations from ${formatActivation(histogram.from)} to ${formatActivation(histogram.to)}, on a logarithmic scale`}
            series={[{ name: 'tokens', counts: histogram.counts, tone: 'fire' }]}
            from={histogram.from}
            to={histogram.to}
            scale="log"
            log
            format={formatActivation}
            unit="tokens"
          />
          {histogram.below > 0 && <p className="text-t0 text-ink-3">{formatCount(histogram.below)} more lie below.</p>}
        </>
      )}
    </section>
  );
}

type LogHistogram = NonNullable<NonNullable<LatentDetail['profile']>['histogram']>;

/** Without the bins below the first that holds any: a coder that keeps only the strongest leaves most of ten octaves empty. */
function withoutEmptyStart(histogram: LogHistogram | null): LogHistogram | null {
  const first = histogram?.counts.findIndex((count) => count > 0) ?? -1;
  if (histogram === null || first < 0) return null;
  const { from, to, counts } = histogram;
  return { ...histogram, from: from * (to / from) ** (first / counts.length), counts: counts.slice(first) };
}
