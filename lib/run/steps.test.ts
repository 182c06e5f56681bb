import { expect, test } from 'vitest';
import { JOBS, type JobName } from '#lib/jobs/registry.ts';
import { runConfigSchema } from './schema.ts';
import { hasJob, JOB_UNITS, stageSteps } from './steps.ts';

const config = runConfigSchema.parse({ model: 'm', coder: 'c' });
const jobsOf = (choice: { explainers: ('lexical' | 'llm')[]; scorers: ('embedding' | 'rule' | 'detection')[] }) =>
  (Object.keys(JOBS) as JobName[]).filter((job) => hasJob(choice, job)).filter((job) => /^(explain|score)/.test(job));

test('the steps of a run are known from its configuration', () => {
  expect(stageSteps(config)).toEqual({
    collect: ['tokens read', 'tokens', 'files', 'latents counted', 'latents compared', 'profiles', 'rows rebuilt'],
    sample: ['latents'],
    explain: ['latents'],
    score: ['windows', 'texts', 'latents'],
    index: ['latents'],
  });
  expect(stageSteps({ explainers: ['llm'], scorers: ['detection'] }).score).toEqual(['texts', 'latents']);
});

test('a method is work for its own jobs only', () => {
  expect(jobsOf({ explainers: ['lexical'], scorers: ['rule'] })).toEqual(['explain.lexical', 'score.texts', 'score.local']);
  expect(jobsOf({ explainers: ['llm'], scorers: ['detection'] })).toEqual(['explain.llm', 'score.texts', 'score.detection']);
  expect(jobsOf({ explainers: ['lexical', 'llm'], scorers: ['embedding'] })).toEqual([
    'explain.lexical',
    'explain.llm',
    'score.windows',
    'score.texts',
    'score.local',
  ]);
});

test('every job’s unit is a step of its own stage', () => {
  const steps = stageSteps({ explainers: ['lexical', 'llm'], scorers: ['embedding', 'rule', 'detection'] });
  for (const { name, stage } of Object.values(JOBS)) expect(steps[stage]).toContain(JOB_UNITS[name as JobName]);
});
