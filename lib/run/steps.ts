import { drawsSimilar, protocolNamed } from '#lib/example/protocol.ts';
import { askedOf } from '#lib/explanation/methods.ts';
import { JOBS, type JobName } from '#lib/jobs/registry.ts';
import { llmScorers } from '#lib/score/llm-scorers.ts';
import type { RunConfig, Stage } from './schema.ts';

/** What each job's progress is counted in. Jobs of one stage that run at the same time and share a unit share a bar. */
export const JOB_UNITS = {
  'collect.prepare': 'tokens read',
  'collect.shard': 'tokens',
  'collect.merge': 'files',
  'collect.statistics': 'latents counted',
  'collect.neighbours': 'latents compared',
  'collect.profiles': 'profiles',
  'collect.reconstruction': 'rows rebuilt',
  'sample.windows': 'windows',
  'sample.latents': 'latents',
  'explain.lexical': 'latents',
  'explain.llm': 'latents',
  'score.texts': 'texts',
  'score.local': 'latents',
  'score.llm': 'latents',
  'index.latents': 'latents',
  'score.entered': 'explanations',
} as const satisfies Record<JobName, string>;

/** Whether a run of this configuration has that job: the one place where a choice of methods becomes work. */
export function hasJob({ protocol, explainers, scorers }: Pick<RunConfig, 'protocol' | 'explainers' | 'scorers'>, job: JobName): boolean {
  switch (job) {
    // The embedding score compares them with explanations, and negatives near in meaning are found by them.
    case 'sample.windows':
      return scorers.includes('embedding') || drawsSimilar(protocolNamed(protocol));
    case 'explain.lexical':
      return explainers.includes('lexical');
    case 'explain.llm':
      return askedOf(explainers).length > 0;
    case 'score.local':
      return scorers.includes('embedding') || scorers.includes('rule');
    case 'score.llm':
      return llmScorers({ scorers }).length > 0;
    // Asked for by whoever enters an explanation, and no step of the run.
    case 'score.entered':
      return false;
    default:
      return true;
  }
}

/** The steps of each stage, in order and named by their unit: known from the configuration, before any task is queued. */
export type StageSteps = Record<Stage, readonly string[]>;

export function stageSteps(config: Pick<RunConfig, 'protocol' | 'explainers' | 'scorers'>): StageSteps {
  const jobs = Object.values(JOBS).filter(({ name }) => hasJob(config, name as JobName));
  const of = (stage: Stage): string[] => [...new Set(jobs.filter((job) => job.stage === stage).map(({ name }) => JOB_UNITS[name as JobName]))];
  return { collect: of('collect'), sample: of('sample'), explain: of('explain'), score: of('score'), index: of('index') };
}
