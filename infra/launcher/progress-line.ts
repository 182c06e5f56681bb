import type { StageProgress } from '#lib/run/schema.ts';
import { whyWaiting } from '#lib/run/waiting.ts';
import type { RunView } from './run-watch.ts';

/** The line at the foot of the terminal: the run at hand, how far it is, and who waits for it. Null before it has begun. */
export function statusLine(run: Pick<RunView, 'id' | 'stages' | 'waitsFor' | 'unservedQueue' | 'waiting'>): string | null {
  const text = whyWaiting(run) ?? progressLine(run.stages);
  if (text === null) return null;
  const others = run.waiting.length === 0 ? '' : ` · waiting: ${run.waiting.length === 1 ? 'run' : 'runs'} ${run.waiting.join(', ')}`;
  return `  run ${run.id} · ${text}${others}`;
}

/** “score 2,048 of 10,240 windows · 812/s · 11 s left · step 1 of 3 · stage 4 of 5”, of the stage that is running; null when none is. */
export function progressLine(stages: readonly StageProgress[]): string | null {
  const position = stages.findIndex(({ state }) => state === 'running');
  const stage = stages[position];
  if (stage === undefined) return null;
  const parts = [`${stage.stage} ${count(stage.done)}${stage.total === null ? '' : ` of ${count(stage.total)}`} ${stage.unit}`];
  if (stage.rate !== null) parts.push(`${stage.rate >= 10 ? count(Math.round(stage.rate)) : stage.rate.toFixed(1)}/s`);
  if (stage.secondsLeft !== null) parts.push(`${duration(stage.secondsLeft)} left`);
  if (stage.step !== null) parts.push(`step ${stage.step.number} of ${stage.step.of}`);
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
