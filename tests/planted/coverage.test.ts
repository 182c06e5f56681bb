import { beforeAll, describe, expect, it } from 'vitest';
import { examOf, type Exam } from '#gpu-worker/score/exam.ts';
import { coverageOf, type Judge } from './coverage.ts';
import { plantedCoder } from './latents.ts';

/** Planted exams, as the sampler deals them: 50 windows a class, of 13 to 41 documents. */
let exams: Exam[];
beforeAll(() => {
  exams = plantedCoder({ seed: 22, documents: 240, count: 108 }).latents.map(({ examples }) => examOf(examples));
});

/**
 * Counted over 2,000 repetitions, a coverage of 95 % has a standard error of .5 points. The interval of verdicts takes no
 * resamples.
 */
describe.each([0.1, 0.3])('intervals where windows of a document correlate by %d', (within) => {
  it.each<Pick<Judge, 'kind' | 'truth'>>([
    { kind: 'verdicts', truth: 0.5 },
    { kind: 'verdicts', truth: 0.9 },
    { kind: 'verdicts', truth: 0.98 },
    { kind: 'scores', truth: 0.5 },
    { kind: 'scores', truth: 0.9 },
    { kind: 'scores', truth: 0.98 },
  ])(
    'hold a true value of $truth in 93 to 97 % of 2,000 exams judged by $kind',
    ({ kind, truth }) => {
      const { covered, meanEstimate } = coverageOf({ kind, truth, within }, exams, 2000, kind === 'verdicts' ? 10 : 200);
      expect(covered).toBeGreaterThanOrEqual(0.93);
      expect(covered).toBeLessThanOrEqual(0.97);
      expect(Math.abs(meanEstimate - truth)).toBeLessThan(0.005);
    },
    120_000,
  );
});
