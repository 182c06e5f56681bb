import type { TaskHandlers } from '#platform/queue/types.ts';
import { asRun } from './as-run.ts';
import { collectMerge } from './collect-merge.ts';
import { collectNeighbours } from './collect-neighbours.ts';
import { collectPrepare } from './collect-prepare.ts';
import { collectProfiles } from './collect-profiles.ts';
import { collectReconstruction } from './collect-reconstruction.ts';
import { collectShard } from './collect-shard.ts';
import { collectStatistics } from './collect-statistics.ts';
import { explainLexical } from './explain-lexical.ts';
import { explainLlm } from './explain-llm.ts';
import { indexLatents } from './index-latents.ts';
import { sampleLatents } from './sample-latents.ts';
import { sampleWindows } from './sample-windows.ts';
import { scoreEntered } from './score-entered.ts';
import { scoreLlm } from './score-llm.ts';
import { scoreLocal } from './score-local.ts';
import { scoreTexts } from './score-texts.ts';
import type { WorkerServices } from './services.ts';
import { thenSearchable } from './then-searchable.ts';
import { withPrecision } from './with-precision.ts';

/** A handler for every kind of job; a missing one is a type error. */
export function taskHandlers(services: WorkerServices): TaskHandlers {
  return {
    'collect.prepare': collectPrepare(services),
    'collect.shard': collectShard(services),
    'collect.merge': collectMerge(services),
    'collect.statistics': collectStatistics(services),
    'collect.neighbours': collectNeighbours(services),
    'collect.profiles': collectProfiles(services),
    'collect.reconstruction': collectReconstruction(services),
    'sample.windows': sampleWindows(services),
    'sample.latents': sampleLatents(services),
    'explain.lexical': thenSearchable(services, explainLexical(services)),
    'explain.llm': thenSearchable(services, asRun(services, explainLlm)),
    'score.texts': scoreTexts(services),
    'score.local': withPrecision(services, scoreLocal(services)),
    // It makes the run's client itself: a call recorded twice would wait for its own claim for ever.
    'score.llm': scoreLlm(services),
    'index.latents': indexLatents(services),
    'score.entered': scoreEntered(services),
  };
}
