import type { CoderSummary } from '#lib/catalogue/schema.ts';
import { axisPosition } from '#lib/score/axis.ts';
import { formatCount, formatScore } from '#lib/format/number.ts';

/** A coder's median embedding score over its latents, beside the control's: the same picture as one latent's score. */
export function MedianWhisker({ name, score }: { name: string; score: NonNullable<CoderSummary['embeddingScore']> }) {
  const half = (score.upper - score.lower) / 2;
  // Of thousands of latents the interval is narrower than two decimals show.
  const format = (value: number): string => formatScore(value, half < 0.005 ? 3 : 2);
  const words = `${name} embedding score ${format(score.median)}, 95 percent interval ${format(score.lower)} to ${format(score.upper)}, control ${format(score.controlMedian)}, chance 0.50`;
  return (
    <div className="whisk">
      <span>{name}</span>
      <span className="axis" role="img" aria-label={words}>
        <i className="chance" />
        <i
          className="ci"
          style={{ left: `${axisPosition(score.lower)}%`, width: `${Math.max(0.6, axisPosition(score.upper) - axisPosition(score.lower))}%` }}
        />
        <i className="ctl" style={{ left: `${axisPosition(score.controlMedian)}%` }} />
        <i className="dot" style={{ left: `${axisPosition(score.median)}%` }} />
      </span>
      <span className="num">
        {format(score.median)}{' '}
        <span>
          ±{format(half)} · {formatCount(score.n)}
        </span>
      </span>
    </div>
  );
}
