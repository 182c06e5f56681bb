import type { StageProgress } from '#lib/run/schema.ts';

/** “explain 3,584 of 6,906 latents · 812/s · 4 s left · stage 3 of 5”, of the stage that is running; null when none is. */
export function progressLine(stages: readonly StageProgress[]): string | null {
  const position = stages.findIndex(({ state }) => state === 'running');
  const stage = stages[position];
  if (stage === undefined) return null;
  const parts = [`${stage.stage} ${count(stage.done)}${stage.total === null ? '' : ` of ${count(stage.total)}`} ${stage.unit}`];
  if (stage.rate !== null) parts.push(`${stage.rate >= 10 ? count(Math.round(stage.rate)) : stage.rate.toFixed(1)}/s`);
  if (stage.secondsLeft !== null) parts.push(`${duration(stage.secondsLeft)} left`);
  parts.push(`stage ${position + 1} of ${stages.length}`);
  return parts.join(' · ');
}

function count(value: number): string {
  return value.toLocaleString('en-GB');
}

/** Whole seconds below a minute, else minutes and seconds, else hours and minutes. */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
