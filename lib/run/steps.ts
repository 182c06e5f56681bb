import { JOBS, type JobName } from '#lib/jobs/registry.ts';
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
  'sample.latents': 'latents',
  'explain.lexical': 'latents',
  'explain.llm': 'latents',
  'score.windows': 'windows',
  'score.texts': 'texts',
  'score.local': 'latents',
  'score.detection': 'latents',
  'index.latents': 'latents',
} as const satisfies Record<JobName, string>;

/** Whether a run of this configuration has that job: the one place where a choice of methods becomes work. */
export function hasJob({ explainers, scorers }: Pick<RunConfig, 'explainers' | 'scorers'>, job: JobName): boolean {
  switch (job) {
    case 'explain.lexical':
      return explainers.includes('lexical');
    case 'explain.llm':
      return explainers.includes('llm');
    case 'score.windows':
      return scorers.includes('embedding');
    case 'score.local':
      return scorers.includes('embedding') || scorers.includes('rule');
    case 'score.detection':
      return scorers.includes('detection');
    default:
      return true;
  }
}

/** The steps of each stage, in order and named by their unit: known from the configuration, before any task is queued. */
export type StageSteps = Record<Stage, readonly string[]>;

export function stageSteps(config: Pick<RunConfig, 'explainers' | 'scorers'>): StageSteps {
  const jobs = Object.values(JOBS).filter(({ name }) => hasJob(config, name as JobName));
  const of = (stage: Stage): string[] => [...new Set(jobs.filter((job) => job.stage === stage).map(({ name }) => JOB_UNITS[name as JobName]))];
  return { collect: of('collect'), sample: of('sample'), explain: of('explain'), score: of('score'), index: of('index') };
}
