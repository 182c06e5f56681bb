import { LLM_BATCH } from '#gpu-worker/stages/plan.ts';

/** Tasks that share one endpoint have each a beginning and an end in which they ask little; more than these are only memory. */
const [FEWEST, MOST] = [2, 32];

/**
 * Tasks of the language-model queue to work on at once, so that an endpoint's slots are busy also while tasks begin and
 * end: an explanation is one call a latent, and three times as many as there are slots should be under way, two in the
 * database's hands or waiting for each one that is asked.
 */
export function llmTasksAtOnce(slots: number): number {
  return Math.min(MOST, Math.max(FEWEST, Math.ceil((3 * slots) / LLM_BATCH)));
}
