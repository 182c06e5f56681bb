import type { CoderSummary } from '#lib/catalogue/schema.ts';
import { axisPosition } from '#lib/score/axis.ts';
import { formatCount, formatScore } from '#lib/format/number.ts';

/** A coder's median embedding score over its latents, beside the control's: the same picture as one latent's score. */
export function MedianWhisker({ name, score }: { name: string; score: NonNullable<CoderSummary['embeddingScore']> }) {
  const words = `${name} embedding score ${formatScore(score.median)}, 95 percent interval ${formatScore(score.lower)} to ${formatScore(score.upper)}, control ${formatScore(score.controlMedian)}, chance 0.50`;
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
        {formatScore(score.median)}{' '}
        <span>
          ±{formatScore((score.upper - score.lower) / 2)} · {formatCount(score.n)}
        </span>
      </span>
    </div>
  );
}
