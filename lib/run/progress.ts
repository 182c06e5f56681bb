import { STAGES, type Stage, type StageProgress } from './schema.ts';
import type { StageSteps } from './steps.ts';

/** What progress needs of one row of run_tasks. */
export interface TaskProgress {
  stage: string;
  unit: string;
  amount: number;
  progress: number;
  startedAt: Date | null;
  completedAt: Date | null;
}

/** What progress needs of the tasks of one (stage, unit), added up: a run of 10⁶ latents has thousands of tasks. */
export interface StageTally {
  stage: Stage;
  unit: string;
  tasks: number;
  completed: number;
  amount: number;
  /** Σ amount of completed tasks + what the others report. */
  done: number;
  startedAt: Date | null;
  /** When the last task completed. */
  completedAt: Date | null;
}

/** Rows of run_tasks → tallies by stage and unit, in the stages' order. Rows of unknown stages are left out. */
export function tallyTasks(tasks: readonly TaskProgress[]): StageTally[] {
  const tallies = new Map<string, StageTally>();
  for (const task of tasks) {
    const stage = STAGES.find((known) => known === task.stage);
    if (stage === undefined) continue;
    const key = `${stage} ${task.unit}`;
    const tally = tallies.get(key) ?? { stage, unit: task.unit, tasks: 0, completed: 0, amount: 0, done: 0, startedAt: null, completedAt: null };
    tallies.set(key, tally);
    tally.tasks += 1;
    tally.amount += task.amount;
    tally.done += task.completedAt === null ? Math.min(Math.max(task.progress, 0), task.amount) : task.amount;
    if (task.completedAt !== null) tally.completed += 1;
    tally.startedAt = earlier(tally.startedAt, task.startedAt);
    tally.completedAt = later(tally.completedAt, task.completedAt);
  }
  return [...tallies.values()].sort((a, b) => STAGES.indexOf(a.stage) - STAGES.indexOf(b.stage));
}

/**
 * Progress of all five stages from their tallies.
 *
 * A stage may hold tasks of several units (score embeds windows, then judges latents): its steps, which `steps` lists in
 * order. It is shown in the unit that is being worked on, the first with tasks left, and when all are done in the one it
 * had most of (tokens read, not files merged). `done` and `total` are in that unit, `rate` is units a second since that
 * unit's first task started and `secondsLeft` what is left of the step at that rate. `step` says which one it is while
 * the stage runs, and is null where there is but one.
 *
 * A stage is `done` only when all its tasks are complete and a later stage has tasks or the run has finished: tasks of
 * one stage are queued as the stage goes on (prepare before its shards), so that an empty queue alone proves nothing.
 * Of a run that failed or was cancelled (`stoppedAt`) the stage in hand is `stopped` and later ones are `unreached`.
 */
export function stageProgress(
  tallies: readonly StageTally[],
  steps: StageSteps,
  now: Date,
  run: { finishedAt: Date | null; stoppedAt?: Date | null } = { finishedAt: null },
): StageProgress[] {
  const stages = STAGES.map((stage, position) => {
    const own = tallies.filter((tally) => tally.stage === stage);
    const laterStageBegan = tallies.some((tally) => STAGES.indexOf(tally.stage) > position);
    const complete = own.length > 0 && own.every((tally) => tally.completed === tally.tasks);
    const over = run.finishedAt !== null || (complete && laterStageBegan);
    return progressOf(stage, own, steps[stage], over, run.finishedAt ?? now);
  });
  return run.stoppedAt ? stages.map(stopped) : stages;
}

/** What a stage of a run that failed or was cancelled had done by then; nothing of it is left to wait for. */
function stopped(stage: StageProgress): StageProgress {
  if (stage.state === 'done') return stage;
  return { ...stage, state: stage.state === 'running' ? 'stopped' : 'unreached', rate: null, secondsLeft: null };
}

function progressOf(stage: Stage, tallies: readonly StageTally[], steps: readonly string[], over: boolean, now: Date): StageProgress {
  // A unit of another version's run that no step has comes last.
  const place = ({ unit }: StageTally): number => (steps.includes(unit) ? steps.indexOf(unit) : steps.length);
  const inOrder = [...tallies].sort((a, b) => place(a) - place(b));
  const shown = inOrder.find((tally) => tally.completed < tally.tasks) ?? largest(inOrder);
  if (shown === undefined) {
    const [startedAt, finishedAt] = [null, null];
    return { stage, state: over ? 'done' : 'waiting', step: null, unit: '', done: 0, total: null, rate: null, secondsLeft: null, startedAt, finishedAt };
  }
  const startedAt = tallies.reduce<Date | null>((first, tally) => earlier(first, tally.startedAt), null);
  const finishedAt = over ? tallies.reduce<Date | null>((last, tally) => later(last, tally.completedAt), null) : null;
  const until = shown.completed === shown.tasks ? (shown.completedAt ?? now) : now;
  const seconds = shown.startedAt === null ? 0 : (until.getTime() - shown.startedAt.getTime()) / 1000;
  const rate = seconds > 0 && shown.done > 0 ? shown.done / seconds : null;
  return {
    stage,
    state: over ? 'done' : startedAt === null ? 'waiting' : 'running',
    step: !over && startedAt !== null && steps.length > 1 && steps.includes(shown.unit) ? { number: place(shown) + 1, of: steps.length } : null,
    unit: shown.unit,
    done: shown.done,
    total: shown.amount,
    rate,
    secondsLeft: over ? 0 : rate === null ? null : Math.max(0, (shown.amount - shown.done) / rate),
    startedAt: startedAt?.toISOString() ?? null,
    finishedAt: finishedAt?.toISOString() ?? null,
  };
}

const largest = (tallies: readonly StageTally[]): StageTally | undefined =>
  tallies.reduce<StageTally | undefined>((most, tally) => (most === undefined || tally.amount > most.amount ? tally : most), undefined);
const earlier = (a: Date | null, b: Date | null): Date | null => (a === null ? b : b === null || a <= b ? a : b);
const later = (a: Date | null, b: Date | null): Date | null => (a === null ? b : b === null || a >= b ? a : b);
