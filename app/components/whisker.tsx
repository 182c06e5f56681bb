import { AXES, axisPosition, halfWidth } from '#lib/score/axis.ts';
import { formatCount, formatScore, plural } from '#lib/format/number.ts';
import type { Metric } from '#lib/score/schema.ts';

/** What a whisker needs of a score, whatever list it comes from. */
export interface WhiskerScore {
  /** Null where the score failed. */
  value: number | null;
  lower: number | null;
  upper: number | null;
  /** The same score for another latent's explanation; null where there is none. */
  control: number | null;
  nPositives: number;
  nNegatives: number;
  /** What the axis is of; by default AUROC's, which balanced accuracy shares. */
  metric?: Metric;
  /** Why there is no value. */
  failure?: string | null;
}

/** A score on its axis: dot, 95 % interval, chance, control; beside it value ± half-width and n. Never a bare number. */
export function Whisker({
  name,
  showName = true,
  score,
  unit = 'window',
}: {
  name: string;
  showName?: boolean;
  score: WhiskerScore;
  unit?: 'window' | 'token' | 'group';
}) {
  const { value, lower, upper, control, metric = 'auroc' } = score;
  const at = (figure: number): number => axisPosition(figure, metric);
  const n = score.nPositives + score.nNegatives;
  const half = halfWidth(lower, upper);
  return (
    <div className={showName ? 'whisk' : 'whisk whisk-bare'}>
      {showName && <span>{name}</span>}
      <span className="axis" role="img" aria-label={describe(name, score)}>
        <i className="chance" style={{ left: `${at(AXES[metric].chance)}%` }} />
        {lower !== null && upper !== null && <i className="ci" style={{ left: `${at(lower)}%`, width: `${Math.max(0.6, at(upper) - at(lower))}%` }} />}
        {control !== null && <i className="ctl" style={{ left: `${at(control)}%` }} />}
        {value !== null && <i className="dot" style={{ left: `${at(value)}%` }} />}
      </span>
      <span
        className="num"
        title={unit === 'group' ? plural(n, unit) : `${plural(score.nPositives, unit)} where it fires, ${score.nNegatives} where it does not`}
      >
        {value === null ? (
          'failed'
        ) : (
          <>
            {formatScore(value)}{' '}
            <span>
              {half === null ? '' : `±${formatScore(half)} `}· {formatCount(n)}
            </span>
          </>
        )}
      </span>
    </div>
  );
}

function describe(name: string, score: WhiskerScore): string {
  if (score.value === null) return `${name}: failed, no value`;
  const interval = score.lower !== null && score.upper !== null ? `, 95 percent interval ${formatScore(score.lower)} to ${formatScore(score.upper)}` : '';
  const control = score.control === null ? '' : `, control ${formatScore(score.control)}`;
  return `${name} ${formatScore(score.value)}${interval}${control}, chance ${formatScore(AXES[score.metric ?? 'auroc'].chance)}`;
}
