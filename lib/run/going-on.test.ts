import { expect, test } from 'vitest';
import { type GoingOn, stageInHand, whatIsGoingOn } from './going-on.ts';
import { STAGES, type Stage, type StageProgress } from './schema.ts';

const stages = (running: Stage | null): StageProgress[] =>
  STAGES.map((stage) => ({
    stage,
    state: running === null || STAGES.indexOf(stage) < STAGES.indexOf(running) ? 'done' : stage === running ? 'running' : 'waiting',
    step: null, unit: '', done: 0, total: null, rate: null, secondsLeft: null, startedAt: null, finishedAt: null,
  })); // prettier-ignore
const run = (over: Partial<GoingOn>): GoingOn => ({ id: '2', state: 'running', stages: stages('collect'), waitsFor: null, unservedQueue: null, ...over });

test('the stage in hand is the one running, or between two the next', () => {
  expect(stageInHand({ stages: stages('explain') })).toBe('explain');
  expect(stageInHand({ stages: stages('explain').map((stage) => (stage.state === 'running' ? { ...stage, state: 'waiting' as const } : stage)) })).toBe(
    'explain',
  );
  expect(stageInHand({ stages: stages(null) })).toBeNull();
});

test('each stage says something of its own, and explanations are not promised before they can be there', () => {
  const said = STAGES.map((stage) => whatIsGoingOn(run({ stages: stages(stage) })));
  expect(new Set(said).size).toBe(STAGES.length);
  expect(said[0]).not.toMatch(/search|explanation/i);
  expect(said[3]).toContain('All explanations can be read and searched');
  expect(said[3]).toContain('scores appear as they are taken');
});

test('a run that waits says for what', () => {
  expect(whatIsGoingOn(run({ state: 'queued' }))).toBe('Waiting for a worker.');
  expect(whatIsGoingOn(run({ state: 'queued', waitsFor: '1' }))).toBe('Waiting: run 1 is worked on first.');
  expect(whatIsGoingOn(run({ waitsFor: '1' }))).toBe('Waiting: run 1 is worked on first.');
  expect(whatIsGoingOn(run({ unservedQueue: 'gpu' }))).toBe('Waiting: no worker takes tasks of the queue gpu.');
});
