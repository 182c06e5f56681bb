import { formatCount } from '#lib/format/number.ts';
import { formatDuration } from '#lib/format/time.ts';
import type { StageProgress } from '#lib/run/schema.ts';

/** The five stages of a run with counts, rate and time left; the same on the server and live. */
export function StageList({ stages }: { stages: readonly StageProgress[] }) {
  return (
    <ol>
      {stages.map((stage) => (
        <li key={stage.stage} className="stage">
          <span className={stage.state === 'waiting' || stage.state === 'unreached' ? 'text-ink-3' : ''}>{stage.stage}</span>
          <progress
            aria-label={`${stage.stage}${stage.step === null ? '' : `, step ${stage.step.number} of ${stage.step.of}`}: ${stage.state}`}
            max={Math.max(1, stage.total ?? 1)}
            value={shown(stage)}
          />
          <span className="num">{figures(stage)}</span>
        </li>
      ))}
    </ol>
  );
}

function shown(stage: StageProgress): number {
  if (stage.state === 'done') return Math.max(1, stage.total ?? 1);
  return stage.total === null ? 0 : Math.min(stage.done, stage.total);
}

function figures(stage: StageProgress): string {
  if (stage.state === 'waiting') return 'waiting';
  if (stage.state === 'unreached') return 'not reached';
  const counts =
    stage.state === 'done'
      ? `${formatCount(stage.done)} ${stage.unit}`
      : `${stage.step === null ? '' : `${stage.step.number} of ${stage.step.of}: `}${formatCount(stage.done)} of ${stage.total === null ? '?' : formatCount(stage.total)} ${stage.unit}`;
  if (stage.state === 'done') {
    const took = stage.startedAt !== null && stage.finishedAt !== null ? (Date.parse(stage.finishedAt) - Date.parse(stage.startedAt)) / 1000 : null;
    return took === null ? `${counts} · done` : `${counts} · ${formatDuration(took)}`;
  }
  if (stage.state === 'stopped') return `stopped at ${counts}`;
  const rate = stage.rate === null ? '' : ` · ${formatCount(stage.rate)}/s`;
  const left = stage.secondsLeft === null ? '' : ` · ${formatDuration(stage.secondsLeft)} left`;
  return counts + rate + left;
}
