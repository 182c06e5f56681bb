import { expect, it } from 'vitest';
import { examOf } from '#gpu-worker/score/exam.ts';
import { window } from '#tests/doubles/windows.ts';
import { failedScore } from './failed-score.ts';

it('counts what could not be judged in the scorer’s own unit', () => {
  const exam = examOf([window('the {tax} on tea', { split: 'test' }), window('no firing here', { split: 'test' }), window('a {tax}', { split: 'train' })]);
  for (const scorer of ['embedding', 'rule_windows', 'detection'] as const)
    expect(failedScore(exam, scorer, 'Too few.')).toMatchObject({ value: null, nPositives: 0, nNegatives: 0, nFailed: 2, failure: 'Too few.' });
  expect(failedScore(exam, 'rule_tokens', 'Too few.').nFailed).toBe(7);
});
