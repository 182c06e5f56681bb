import type { ScoreParts, Scorer } from '#lib/score/schema.ts';
import { headlineOf, type Exam } from '#gpu-worker/score/exam.ts';
import type { NewScore } from './score-rows.ts';

export const NO_PARTS: ScoreParts = { classes: [], quantiles: [], metrics: [] };

/** Figures of a score that could not be taken, with the reason; all of the headline counts as failed, in the scorer's unit. */
export function failedScore(exam: Exam, scorer: Scorer, failure: string) {
  const { windows } = headlineOf(exam);
  const nFailed = scorer === 'rule_tokens' ? windows.reduce((sum, { tokens }) => sum + tokens.length, 0) : windows.length;
  return { value: null, interval: null, control: null, nPositives: 0, nNegatives: 0, nFailed, failure, verdicts: [] } satisfies Partial<NewScore>;
}
