import { NEGATIVE_CLASS_TEXTS } from '#lib/example/negative-classes.ts';
import type { NegativeClass } from '#lib/example/protocol.ts';
import { formatScore, plural } from '#lib/format/number.ts';
import { METRIC_NAMES, SCORER_NAMES } from '#lib/score/naming.ts';
import type { Figure, ScoreView } from '#lib/score/schema.ts';
import { TenthsFigure } from './tenths-figure.tsx';
import { Whisker } from './whisker.tsx';

/** The numbers behind a score's one number: by class of silent windows, by tenth, in other metrics, without an explanation, beside the baseline. */
export function ScoreParts({ score }: { score: ScoreView }) {
  const { parts, metric, scorer } = score;
  const { unit, of } = SCORER_NAMES[scorer];
  const sentences = sentencesOf(score);
  return (
    <>
      {parts.metrics.map((figure) => (
        <Whisker key={figure.metric} name={METRIC_NAMES[figure.metric]} score={{ ...figure, control: null, metric: figure.metric }} unit={unit} />
      ))}
      {parts.classes.length > 1 && (
        <div className="mt-2">
          <h3 className="text-t1 font-normal text-ink-3">By kind of silent window</h3>
          {parts.classes.map((figure) => (
            <div key={figure.class} title={NEGATIVE_CLASS_TEXTS[figure.class].text}>
              <Whisker name={SHORT_NAMES[figure.class] ?? NEGATIVE_CLASS_TEXTS[figure.class].name} score={{ ...figure, control: null, metric }} unit={unit} />
            </div>
          ))}
        </div>
      )}
      {parts.quantiles.length > 1 && (
        <div className="mt-2">
          <h3 className="text-t1 font-normal text-ink-3">
            By tenth of the windows it fires in{of === 'latent' ? '' : ', against the same random silent ones'}
          </h3>
          <TenthsFigure figures={parts.quantiles} metric={metric} />
        </div>
      )}
      {sentences.length > 0 && (
        <ul className="mt-2 list-none p-0">
          {sentences.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
    </>
  );
}

/** For the narrow column beside an axis. */
const SHORT_NAMES: Partial<Record<NegativeClass, string>> = { similar: 'similar', neighbour: 'neighbours' };

function sentencesOf({ parts, control, scorer }: ScoreView): string[] {
  const { unit } = SCORER_NAMES[scorer];
  const { blank, lift, failures } = parts;
  const lost = Object.entries(failures).filter(([, count]) => count > 0);
  return [
    ...(control === null ? [] : [`Another latent’s explanation: ${withBounds(control)}.`]),
    ...(blank === null ? [] : [`No explanation at all: ${withBounds(blank)}.`]),
    ...(lift === null
      ? []
      : [
          `${lift.value < 0 ? 'Below' : 'Above'} the baseline’s explanation by ${withBounds({ ...lift, value: Math.abs(lift.value), ...(lift.value < 0 && negated(lift)) })}, on the same ${plural(lift.n, 'window')}.`,
        ]),
    ...(lost.length === 0 ? [] : [`Without an answer: ${lost.map(([cause, count]) => `${plural(count, unit)} ${CAUSES[cause] ?? cause}`).join(', ')}.`]),
  ];
}

const CAUSES: Record<string, string> = { bad_answer: 'for answers that could not be used', upstream: 'for an endpoint that gave none' };

/** Bounds of a difference the other way round. */
const negated = ({ lower, upper }: Pick<Figure, 'lower' | 'upper'>) => ({ lower: upper === null ? null : -upper, upper: lower === null ? null : -lower });

function withBounds({ value, lower, upper }: Pick<Figure, 'value' | 'lower' | 'upper'>): string {
  return lower === null || upper === null ? formatScore(value) : `${formatScore(value)} (${formatScore(lower)} to ${formatScore(upper)})`;
}
