import { collectMerge } from './collect-merge.ts';
import { collectNeighbours } from './collect-neighbours.ts';
import { collectPrepare } from './collect-prepare.ts';
import { collectProfiles } from './collect-profiles.ts';
import { collectReconstruction } from './collect-reconstruction.ts';
import { collectShard } from './collect-shard.ts';
import { collectStatistics } from './collect-statistics.ts';
import { explainLexical } from './explain-lexical.ts';
import { explainLlm } from './explain-llm.ts';
import type { JobContract } from './job.ts';
import { indexLatents } from './index-latents.ts';
import { sampleLatents } from './sample-latents.ts';
import { sampleWindows } from './sample-windows.ts';
import { scoreEntered } from './score-entered.ts';
import { scoreLlm } from './score-llm.ts';
import { scoreLocal } from './score-local.ts';
import { scoreTexts } from './score-texts.ts';

/** Every kind of job. Handlers are a map over these names, so a missing one is a type error. */
export const JOBS = {
  'collect.prepare': collectPrepare,
  'collect.shard': collectShard,
  'collect.merge': collectMerge,
  'collect.statistics': collectStatistics,
  'collect.neighbours': collectNeighbours,
  'collect.profiles': collectProfiles,
  'collect.reconstruction': collectReconstruction,
  'sample.windows': sampleWindows,
  'sample.latents': sampleLatents,
  'explain.lexical': explainLexical,
  'explain.llm': explainLlm,
  'score.texts': scoreTexts,
  'score.local': scoreLocal,
  'score.llm': scoreLlm,
  'index.latents': indexLatents,
  'score.entered': scoreEntered,
} as const;

export type JobName = keyof typeof JOBS;

/** Jobs that are worked on whatever has become of their run. */
export const AFTER_RUN_JOBS: readonly JobName[] = (Object.keys(JOBS) as JobName[]).filter((name) => (JOBS[name] as JobContract).afterRun === true);

export function isJobName(name: string): name is JobName {
  return Object.hasOwn(JOBS, name);
}
