import { formatScore, formatShare, plural } from '#lib/format/number.ts';
import type { PrecisionFigures, PrecisionView } from '#lib/score/precision.ts';

/** Of an explanation whose precision was measured: how often its judge's yes is right where the latent fires as seldom as it does. */
export function ScorePrecision({ measured }: { measured: PrecisionView }) {
  const { rate, precision, firing, falseAlarms, nFiring, nSilent, nFailed, scorer } = measured;
  return (
    <p className="mt-2">
      At the rate at which it fires, in {formatShare(rate)} of windows: precision{' '}
      <b className="num font-[550]">{precision === null ? 'not known' : withBounds(precision)}</b>.{' '}
      <span className="text-ink-3">
        {scorer === 'embedding' ? 'Yes is to be among the nearest windows, as many as it fires in. ' : ''}
        {firing !== null && falseAlarms !== null && (
          <>
            It is said of {formatShare(firing.value)} of {plural(nFiring, 'firing window')} and {formatShare(falseAlarms.value)} of{' '}
            {plural(nSilent, 'random silent one')}
            {nFailed > 0 ? `; ${plural(nFailed, 'window')} had no verdict` : ''}.
          </>
        )}
      </span>
    </p>
  );
}

const withBounds = ({ value, lower, upper }: NonNullable<PrecisionFigures['precision']>): string =>
  `${formatScore(value)} (${formatScore(lower)} to ${formatScore(upper)})`;
