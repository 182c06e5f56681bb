import Link from 'next/link';
import { formatCount, plural } from '#lib/format/number.ts';
import { METRIC_NAMES, SCORER_NAMES } from '#lib/score/naming.ts';
import type { PrecisionView } from '#lib/score/precision.ts';
import type { ScoreView } from '#lib/score/schema.ts';
import { ScoreParts } from './score-parts.tsx';
import { ScorePrecision } from './score-precision.tsx';
import { Whisker } from './whisker.tsx';

/** One score: its whisker, and folded behind it what was asked, of how many windows, and every verdict. */
export function ScoreRow({ score, href, precision }: { score: ScoreView; href: string; precision?: PrecisionView }) {
  const { name, asks, unit } = SCORER_NAMES[score.scorer];
  const judged = score.nPositives + score.nNegatives;
  return (
    <details className="score-row">
      <summary>
        <Whisker name={name} score={{ ...score, control: score.control?.value ?? null }} unit={unit} />
      </summary>
      <div className="pb-2 text-t1 text-ink-2">
        <p>{asks}</p>
        {score.value === null ? (
          <p className="text-ink-3">
            It could not be taken: {score.failure ?? 'no window of one class could be judged.'}{' '}
            {judged === 0 ? 'Nothing' : `${plural(judged, unit)} had a verdict, yet nothing`} is concluded from the {plural(judged + score.nFailed, unit)} of
            the exam.
          </p>
        ) : (
          <p className="text-ink-3">
            {METRIC_NAMES[score.metric]} over{' '}
            {unit === 'group'
              ? `${plural(score.nNegatives, unit)} of windows, in each one where it is silent`
              : `${plural(score.nPositives, unit)} where the latent fires and ${formatCount(score.nNegatives)} random ones where it does not`}
            , {score.exam === 'test' ? 'from documents the explainer never saw' : 'from the sealed reserve'}
            {score.nFailed > 0 ? `; ${plural(score.nFailed, unit)} could not be judged and are not counted` : ''}. The interval respects that windows of one
            document are alike.
            {score.control === null && unit !== 'group' ? ` There is no control for this score. ${score.controlMissing ?? ''}` : ''}
          </p>
        )}
        {score.value !== null && <ScoreParts score={score} />}
        {precision !== undefined && <ScorePrecision measured={precision} />}
        <Link className="link" href={href} prefetch={false}>
          Every window and verdict
        </Link>
      </div>
    </details>
  );
}
