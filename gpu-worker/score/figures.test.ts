import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { window } from '#tests/doubles/windows.ts';
import { examOf } from './exam.ts';
import { examFigures, type Judgement } from './figures.ts';
import { shuffledExam } from './shuffled-exam.ts';

/** 10 + 10 windows, two to a document, in two tenths; and 6 silent ones of another class. */
const windows = [
  ...Array.from({ length: 10 }, (_, i) => window(`{yes|1} ${i}`, { split: 'test', row: i, document: `p${i >> 1}`, quantile: i < 4 ? 0 : 9 })),
  ...Array.from({ length: 10 }, (_, i) => window(`no ${i}`, { split: 'test', row: 100 + i, document: `n${i >> 1}` })),
  ...Array.from({ length: 6 }, (_, i) => window(`near ${i}`, { split: 'test', row: 200 + i, document: `t${i}`, kind: 'same_token' })),
  window('{shown|1} before', { split: 'train' }),
];
const latentExam = { latent: 1, seed: 1, exam: examOf(windows, ['random', 'same_token']), maxActivation: 1 };
const says = (answers: (boolean | null)[]): (Judgement | null)[] => answers.map((yes) => (yes === null ? null : { yes, score: Number(yes) }));
const result = (headline: (boolean | null)[], further: (boolean | null)[] = Array<boolean>(6).fill(false)) =>
  examFigures(latentExam, says([...headline, ...further]), 'balanced_accuracy', 'test');

describe('examFigures', () => {
  it('is the balanced accuracy of the answered windows, by hand', () => {
    // 10 positives: 6 yes, 2 no, 2 failed; 10 negatives: 9 no, 1 yes. ½ (6/8 + 9/10).
    const positives = [true, true, true, true, true, true, false, false, null, null];
    const negatives = [true, ...Array<boolean>(9).fill(false)];
    const { value, interval, nPositives, nNegatives, nFailed, verdicts } = result([...positives, ...negatives]);
    expect(value).toBeCloseTo(0.825, 12);
    expect([nPositives, nNegatives, nFailed]).toEqual([8, 10, 2]);
    expect(interval && interval.low < 0.825 && interval.high > 0.825 && interval.high <= 1).toBe(true);
    expect(verdicts[0]).toEqual({ row: 0, start: 0, positive: true, score: 1, right: true, kind: 'activating' });
    expect(verdicts[6]).toMatchObject({ row: 6, score: 0, right: false });
    expect(verdicts[8]).toMatchObject({ row: 8, score: null, right: null });
    expect(verdicts[10]).toMatchObject({ row: 100, positive: false, score: 1, right: false, kind: 'random' });
  });

  it('takes each class of silent windows and each tenth of the firing ones by itself', () => {
    const positives = [true, true, true, false, ...Array<boolean>(6).fill(true)];
    const { value, parts, nNegatives } = result([...positives, ...Array<boolean>(10).fill(false)], [true, true, true, false, false, null]);
    // Six windows of another class, all but one judged and three wrongly, leave the headline at ½ (9/10 + 1).
    expect([value, nNegatives]).toEqual([0.95, 10]);
    expect(parts.classes).toMatchObject([
      { class: 'random', value: 0.95, nPositives: 10, nNegatives: 10 },
      { class: 'same_token', value: expect.closeTo((0.9 + 0.4) / 2, 12), nPositives: 10, nNegatives: 5 },
    ]);
    expect(parts.quantiles).toMatchObject([
      { quantile: 0, value: 0.875, nPositives: 4, nNegatives: 10 },
      { quantile: 9, value: 1, nPositives: 6, nNegatives: 10 },
    ]);
    for (const { lower, upper, value: own } of parts.classes) expect(lower! <= own && own <= upper!).toBe(true);
  });

  it('does not change when an answer fails, except by what is missing', () => {
    const all = [...Array<boolean>(10).fill(true), ...Array<boolean>(10).fill(false)];
    expect(result(all).value).toBe(1);
    expect(result(all.map((yes, i) => (i % 2 ? yes : null))).value).toBe(1);
  });

  it('fails, and says so, when fewer than half of either class have a verdict; figures add up', () => {
    const yes = (n: number) => [...Array<boolean>(n).fill(true), ...Array<null>(10 - n).fill(null)];
    expect(result([...yes(5), ...Array<boolean>(10).fill(false)])).toMatchObject({ value: 1, failure: null });
    const short = result([...yes(4), ...Array<boolean>(10).fill(false)]);
    expect(short).toMatchObject({ value: null, interval: null, nPositives: 4, nNegatives: 10, nFailed: 6, parts: { classes: [], quantiles: [] } });
    expect(short.failure).toContain('4 of 10 firing and 10 of 10 silent windows');
    expect(result([...Array<boolean>(10).fill(true), ...yes(4)])).toMatchObject({ value: null, nPositives: 10, nNegatives: 4, nFailed: 6 });
    expect(result(Array<null>(20).fill(null))).toMatchObject({ value: null, nFailed: 20 });
  });

  it('gives the AUROC of probabilities beside the balanced accuracy of yes and no', () => {
    const judgements = latentExam.exam.windows.map((_, i): Judgement => ({ yes: i < 8, score: i < 10 ? 0.3 + 0.05 * (10 - i) : 0.2 }));
    const { value, parts } = examFigures(latentExam, judgements, 'balanced_accuracy', 'test');
    expect(value).toBe(0.9);
    expect(parts.metrics).toMatchObject([{ metric: 'auroc', value: 1 }]);
    expect(examFigures(latentExam, judgements, 'auroc', 'test')).toMatchObject({ value: 1, parts: { metrics: [] } });
  });
});

describe('shuffledExam', () => {
  const exam = examOf(windows);

  it('is the same exam, mixed, depending on seed and latent alone', () => {
    const mixed = shuffledExam(exam, 22, 7);
    expect(shuffledExam(exam, 22, 7)).toEqual(mixed);
    expect(shuffledExam(exam, 22, 8).positive).not.toEqual(mixed.positive);
    expect(shuffledExam(exam, 23, 7).positive).not.toEqual(mixed.positive);
    expect(mixed.positive).not.toEqual(exam.positive);
    expect(mixed.windows.map(({ row }) => row).sort((a, b) => a - b)).toEqual(exam.windows.map(({ row }) => row));
    expect(mixed.windows.map(({ kind }) => kind === 'activating')).toEqual(mixed.positive);
  });

  it('puts positives anywhere: over 400 latents each place holds one half of the time, ± 4 standard errors', () => {
    const counts = new Array<number>(20).fill(0);
    for (let latent = 0; latent < 400; latent++)
      shuffledExam(exam, 1, latent).positive.forEach((positive, i) => (counts[i] = (counts[i] as number) + Number(positive)));
    for (const count of counts) expect(Math.abs(count / 400 - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / 400));
  });
});

it('covers the truth with the interval of every part about as often as it says', () => {
  // 100 exams of 10 documents a class, each with its own shift; what is true is the average over documents.
  let covered = 0;
  let all = 0;
  for (let run = 0; run < 100; run++) {
    const rng = rngFor('parts', run);
    const drawn = [...Array(40).keys()].map((i) =>
      window(i < 20 ? '{a}' : 'b', { split: 'test', row: i, document: `${i < 20}${i % 10}`, quantile: i < 20 ? (i % 2) * 9 : null }),
    );
    const exam = examOf(drawn);
    const { parts } = examFigures(
      { latent: run, seed: 2, exam, maxActivation: 1 },
      drawn.map(() => ({ score: rng.next() })),
      'auroc',
      'x',
    );
    for (const { lower, upper } of [...parts.quantiles, ...parts.classes]) {
      all++;
      covered += Number(lower! <= 0.5 && 0.5 <= upper!);
    }
  }
  expect(all).toBe(300);
  expect(covered / all).toBeGreaterThan(0.92);
});
