import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stageProgress, tallyTasks, type TaskProgress } from './progress.ts';
import { STAGES, stageProgressSchema } from './schema.ts';
import { stageSteps, type StageSteps } from './steps.ts';

const at = (seconds: number): Date => new Date(Date.UTC(2026, 0, 1) + seconds * 1000);

function task(stage: string, unit: string, amount: number, state: { progress?: number; started?: number; completed?: number } = {}): TaskProgress {
  return {
    stage,
    unit,
    amount,
    progress: state.progress ?? 0,
    startedAt: state.started === undefined ? null : at(state.started),
    completedAt: state.completed === undefined ? null : at(state.completed),
  };
}

const STEPS = stageSteps({ protocol: 'atlas', explainers: ['lexical'], scorers: ['embedding', 'rule'] });

function progress(tasks: TaskProgress[], now: number, { finishedAt = null, steps = STEPS }: { finishedAt?: Date | null; steps?: StageSteps } = {}) {
  return Object.fromEntries(stageProgress(tallyTasks(tasks), steps, at(now), { finishedAt }).map((stage) => [stage.stage, stage]));
}

test('done is what completed tasks hold and what the others report; rate and time left follow', () => {
  const { collect, sample } = progress(
    [
      task('collect', 'tokens', 1000, { started: 0, completed: 8, progress: 900 }),
      task('collect', 'tokens', 1000, { started: 2, progress: 500 }),
      task('collect', 'tokens', 1000),
    ],
    10,
  );
  expect(collect).toMatchObject({ state: 'running', unit: 'tokens', done: 1500, total: 3000, rate: 150, secondsLeft: 10, startedAt: at(0).toISOString() });
  expect(collect?.finishedAt).toBeNull();
  expect(sample).toMatchObject({ state: 'waiting', done: 0, total: null, rate: null, secondsLeft: null });
});

test('a stage is over when a later one has tasks, and its rate is frozen at its end', () => {
  const tasks = [task('collect', 'tokens', 100, { started: 0, completed: 4 }), task('sample', 'latents', 10, { started: 5 })];
  const { collect, sample } = progress(tasks, 1000);
  expect(collect).toMatchObject({ state: 'done', done: 100, total: 100, rate: 25, secondsLeft: 0, finishedAt: at(4).toISOString() });
  expect(sample).toMatchObject({ state: 'running', rate: null, secondsLeft: null });
});

test('all tasks complete but no later stage yet: more of this one may still be queued', () => {
  const { collect } = progress([task('collect', 'tokens read', 100, { started: 0, completed: 4 })], 5);
  expect(collect).toMatchObject({ state: 'running', done: 100, total: 100 });
});

test('a stage of several units shows the one being worked on', () => {
  const texts = task('score', 'texts', 50, { started: 0, completed: 10 });
  const prepared = [texts, task('score', 'texts', 20, { started: 1, completed: 12 })];
  expect(progress([...prepared, task('score', 'latents', 40, { started: 12, progress: 10 })], 17).score).toMatchObject({
    unit: 'latents',
    done: 10,
    total: 40,
    rate: 2,
    secondsLeft: 15,
    startedAt: at(0).toISOString(),
  });
  expect(progress([texts, task('score', 'latents', 40)], 11).score).toMatchObject({ unit: 'latents', done: 0, total: 40, state: 'running' });
});

test('a running stage says which of its steps it is in, of as many as its configuration has', () => {
  const windows = [task('sample', 'latents', 20), task('sample', 'windows', 50, { started: 0 })];
  expect(progress(windows, 5).sample).toMatchObject({ unit: 'windows', step: { number: 1, of: 2 } });
  const latents = [task('sample', 'latents', 20, { started: 4 }), task('sample', 'windows', 50, { started: 0, completed: 4 })];
  expect(progress(latents, 5).sample).toMatchObject({ unit: 'latents', step: { number: 2, of: 2 } });
  const paper = stageSteps({ protocol: 'paper', explainers: ['lexical'], scorers: ['rule'] });
  expect(progress([task('sample', 'latents', 20, { started: 0 })], 5, { steps: paper }).sample).toMatchObject({ unit: 'latents', step: null });
  expect(progress([task('score', 'texts', 20, { started: 0 })], 5).score).toMatchObject({ step: { number: 1, of: 2 } });
  expect(progress([task('collect', 'tokens read', 9, { started: 0 })], 5).collect).toMatchObject({ step: { number: 1, of: 7 } });
});

test('a stage of one step, one that waits and one that is over have none', () => {
  const tasks = [task('collect', 'tokens', 9, { started: 0, completed: 1 }), task('explain', 'latents', 9, { started: 2 })];
  const { collect, explain, score } = progress(tasks, 3);
  expect([collect?.step, explain?.step, score?.step]).toEqual([null, null, null]);
});

test('a stage that is over is shown in what it had most of', () => {
  const tasks = [
    task('collect', 'tokens', 500, { started: 1, completed: 6 }),
    task('collect', 'files', 9, { started: 6, completed: 7 }),
    task('sample', 'latents', 10),
  ];
  expect(progress(tasks, 9).collect).toMatchObject({
    state: 'done',
    unit: 'tokens',
    done: 500,
    rate: 100,
    startedAt: at(1).toISOString(),
    finishedAt: at(7).toISOString(),
  });
});

test('a finished run has no waiting stages, also one that had nothing to do', () => {
  const stages = stageProgress(tallyTasks([task('index', 'latents', 3, { started: 0, completed: 1 })]), STEPS, at(9), { finishedAt: at(1) });
  expect(stages.map((stage) => stage.state)).toEqual(STAGES.map(() => 'done'));
});

test('whatever the rows say, done stays within total and the shape holds', () => {
  const when = fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined });
  const anyTask = fc
    .record({
      stage: fc.constantFrom(...STAGES, 'unknown'),
      unit: fc.constantFrom('tokens', 'windows', 'of another version'),
      amount: fc.nat(1000),
      progress: fc.integer({ min: -5, max: 2000 }),
      started: when,
      completed: when,
    })
    .map(({ stage, unit, amount, ...state }) =>
      task(stage, unit, amount, {
        progress: state.progress,
        ...(state.started !== undefined && { started: state.started }),
        ...(state.completed !== undefined && { completed: state.completed }),
      }),
    );
  fc.assert(
    fc.property(fc.array(anyTask), fc.integer({ min: 0, max: 200 }), (tasks, now) => {
      const stages = stageProgress(tallyTasks(tasks), STEPS, at(now));
      expect(stages.map((stage) => stage.stage)).toEqual([...STAGES]);
      for (const stage of stages) {
        expect(stageProgressSchema.parse(stage)).toEqual(stage);
        if (stage.total !== null) expect(stage.done).toBeLessThanOrEqual(stage.total);
        expect(stage.done).toBeGreaterThanOrEqual(0);
        if (stage.secondsLeft !== null) expect(stage.secondsLeft).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});

test('of a run that was cancelled, nothing runs, waits or has time left', () => {
  const tasks = [task('collect', 'tokens', 10, { started: 0, completed: 1 }), task('sample', 'latents', 8, { started: 1, progress: 4 })];
  const stages = stageProgress(tallyTasks(tasks), STEPS, at(9), { finishedAt: null, stoppedAt: at(5) });
  expect(stages.map(({ state }) => state)).toEqual(['done', 'stopped', 'unreached', 'unreached', 'unreached']);
  expect(stages[1]).toMatchObject({ done: 4, total: 8, rate: null, secondsLeft: null });
});
