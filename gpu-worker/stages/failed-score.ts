import type { Scorer } from '#lib/score/schema.ts';
import type { Exam } from '#gpu-worker/score/exam.ts';
import type { NewScore } from './score-rows.ts';

/** Figures of a score that could not be taken, with the reason; all of the exam counts as failed, in the scorer's unit. */
export function failedScore(exam: Exam, scorer: Scorer, failure: string) {
  const nFailed = scorer === 'rule_tokens' ? exam.windows.reduce((sum, { tokens }) => sum + tokens.length, 0) : exam.windows.length;
  return { value: null, interval: null, control: null, nPositives: 0, nNegatives: 0, nFailed, failure, verdicts: [] } satisfies Partial<NewScore>;
}
