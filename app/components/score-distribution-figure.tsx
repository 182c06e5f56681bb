import { protocolNote } from '#lib/example/protocol-note.ts';
import { formatScore } from '#lib/format/number.ts';
import type { ScoreDistribution } from '#lib/score/distribution.ts';
import { Histogram } from './histogram.tsx';

/** Nearly all scores lie above this; bins below it are drawn only when somebody is in them. */
const USUAL_FROM = 0.2;

/** How a coder's embedding scores spread (filled), beside those of the control (outlined). */
export function ScoreDistributionFigure({ distribution }: { distribution: ScoreDistribution }) {
  const { edges, values, control, median, controlMedian } = distribution;
  const firstUsed = values.findIndex((count, i) => count > 0 || (control[i] ?? 0) > 0);
  const from = Math.max(
    0,
    Math.min(
      firstUsed,
      edges.findIndex((edge) => edge >= USUAL_FROM),
    ),
  );
  const note = protocolNote(distribution.protocol, null);
  const words = median === null ? '' : `, median ${formatScore(median.median)}`;
  const controlWords = controlMedian === null ? '' : `, control’s median ${formatScore(controlMedian.median)}`;
  return (
    <>
      <Histogram
        label={`Histogram of embedding scores${words}${controlWords}`}
        series={[
          { name: 'latents', counts: values.slice(from), tone: 'score' },
          { name: 'control', counts: control.slice(from), tone: 'control' },
        ]}
        from={edges[from] ?? 0}
        to={edges.at(-1) ?? 1}
        format={formatScore}
        unit="latents"
        {...(median !== null && { mark: median.median })}
      />
      {note !== null && <p className="mt-1 text-t1 text-ink-2">{note}</p>}
      <p className="legend mt-1">
        <span>
          <span aria-hidden="true" className="inline-block h-[10px] w-[8px] bg-accent" /> latents, line at the median
        </span>
        <span>
          <span aria-hidden="true" className="inline-block h-[10px] w-[8px] border-[1.5px] border-ink-3" /> control: other latents’ explanations on the same
          exams
        </span>
      </p>
    </>
  );
}
