import { expect, test } from 'vitest';
import { AFTER_RUN_JOBS, JOBS, type JobName } from '#lib/jobs/registry.ts';
import { runConfigSchema } from './schema.ts';
import { hasJob, JOB_UNITS, stageSteps } from './steps.ts';

const config = runConfigSchema.parse({ model: 'm', coder: 'c' });
const jobsOf = (choice: { explainers: ('lexical' | 'llm')[]; scorers: ('embedding' | 'rule' | 'detection')[] }) =>
  (Object.keys(JOBS) as JobName[]).filter((job) => hasJob({ protocol: 'atlas', ...choice }, job)).filter((job) => /^(explain|score)/.test(job));

test('the steps of a run are known from its configuration', () => {
  expect(stageSteps(config)).toEqual({
    collect: ['tokens read', 'tokens', 'files', 'latents counted', 'latents compared', 'profiles', 'rows rebuilt'],
    sample: ['windows', 'latents'],
    explain: ['latents'],
    score: ['texts', 'latents'],
    index: ['latents'],
  });
  expect(stageSteps({ protocol: 'atlas', explainers: ['llm'], scorers: ['detection'] }).score).toEqual(['texts', 'latents']);
});

test('a method is work for its own jobs only', () => {
  expect(jobsOf({ explainers: ['lexical'], scorers: ['rule'] })).toEqual(['explain.lexical', 'score.texts', 'score.local']);
  expect(jobsOf({ explainers: ['llm'], scorers: ['detection'] })).toEqual(['explain.llm', 'score.texts', 'score.llm']);
  expect(jobsOf({ explainers: ['lexical', 'llm'], scorers: ['embedding'] })).toEqual(['explain.lexical', 'explain.llm', 'score.texts', 'score.local']);
});

test('every job’s unit is a step of its own stage', () => {
  const steps = stageSteps({ protocol: 'atlas', explainers: ['lexical', 'llm'], scorers: ['embedding', 'rule', 'detection'] });
  for (const { name, stage } of Object.values(JOBS).filter((job) => !AFTER_RUN_JOBS.includes(job.name as JobName)))
    expect(steps[stage]).toContain(JOB_UNITS[name as JobName]);
});

test('windows are embedded for the embedding score, or for a protocol that draws negatives by their meaning', () => {
  const without = { explainers: ['lexical' as const], scorers: ['rule' as const] };
  expect(stageSteps({ protocol: 'atlas', ...without }).sample).toEqual(['windows', 'latents']);
  expect(stageSteps({ protocol: 'paper', ...without }).sample).toEqual(['latents']);
  expect(stageSteps({ protocol: 'paper', ...without, scorers: ['embedding'] }).sample).toEqual(['windows', 'latents']);
});
