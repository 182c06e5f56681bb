import { bandName } from '#lib/example/bands.ts';
import { formatScore } from '#lib/format/number.ts';
import { AXES, axisPosition } from '#lib/score/axis.ts';
import type { Figure, Metric } from '#lib/score/schema.ts';

/** A score by tenth of the firing windows, the strongest on the left: dots on their intervals over the line of chance. */
export function TenthsFigure({ figures, metric }: { figures: readonly (Figure & { quantile: number })[]; metric: Metric }) {
  const { chance, from, to } = AXES[metric];
  const [first, last] = [figures[0], figures.at(-1)];
  if (first === undefined || last === undefined) return null;
  const label = `${formatScore(first.value)} in the ${bandName(first.quantile)}, ${formatScore(last.value)} in the ${bandName(last.quantile)}, chance ${formatScore(chance)}`;
  return (
    <>
      <div className="tenths" role="img" aria-label={label}>
        <span className="tenths-axis" aria-hidden="true">
          <span>{formatScore(to)}</span>
          <span>{formatScore(from)}</span>
        </span>
        <span className="tenths-plot" aria-hidden="true">
          <i className="tenths-chance" style={{ bottom: `${axisPosition(chance, metric)}%` }} />
          {figures.map(({ quantile, value, lower, upper, nPositives }) => (
            <span
              key={quantile}
              className="tenth"
              title={`${bandName(quantile)}: ${formatScore(value)}${lower === null || upper === null ? '' : ` (${formatScore(lower)} to ${formatScore(upper)})`}${nPositives > 0 ? `, ${nPositives} windows` : ''}`}
            >
              {lower !== null && upper !== null && (
                <i
                  className="tenth-ci"
                  style={{ bottom: `${axisPosition(lower, metric)}%`, height: `${Math.max(1, axisPosition(upper, metric) - axisPosition(lower, metric))}%` }}
                />
              )}
              <i className="tenth-dot" style={{ bottom: `${axisPosition(value, metric)}%` }} />
            </span>
          ))}
        </span>
      </div>
      <p className="tenths-ends" aria-hidden="true">
        <span>{bandName(first.quantile)}</span>
        <span>{bandName(last.quantile)}</span>
      </p>
    </>
  );
}
