import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { examOf } from '#gpu-worker/score/exam.ts';
import { window } from '#tests/doubles/windows.ts';
import { hasControl } from './control.ts';
import { detectionResult } from './result.ts';
import { shuffledExam } from './shuffled-exam.ts';

/** 10 + 10 windows, two to a document. */
const exam = examOf([
  ...Array.from({ length: 10 }, (_, i) => window(`{yes|1} ${i}`, { split: 'test', row: i, document: `p${i >> 1}` })),
  ...Array.from({ length: 10 }, (_, i) => window(`no ${i}`, { split: 'test', row: 100 + i, document: `n${i >> 1}` })),
  window('{shown|1} before', { split: 'train' }),
]);
const result = (predictions: (boolean | null)[]) => detectionResult(exam, predictions, rngFor(1, 'test'));

describe('detectionResult', () => {
  it('is the balanced accuracy of the answered windows, by hand', () => {
    // 10 positives: 6 yes, 2 no, 2 failed; 10 negatives: 9 no, 1 yes. ½ (6/8 + 9/10).
    const positives = [true, true, true, true, true, true, false, false, null, null];
    const negatives = [true, ...Array<boolean>(9).fill(false)];
    const { value, interval, nPositives, nNegatives, nFailed, verdicts } = result([...positives, ...negatives]);
    expect(value).toBeCloseTo(0.825, 12);
    expect([nPositives, nNegatives, nFailed]).toEqual([8, 10, 2]);
    expect(interval && interval.low < 0.825 && interval.high > 0.825 && interval.high <= 1).toBe(true);
    expect(verdicts[0]).toEqual({ row: 0, start: 0, positive: true, score: 1, right: true });
    expect(verdicts[6]).toEqual({ row: 6, start: 0, positive: true, score: 0, right: false });
    expect(verdicts[8]).toEqual({ row: 8, start: 0, positive: true, score: null, right: null });
    expect(verdicts[10]).toEqual({ row: 100, start: 0, positive: false, score: 1, right: false });
  });

  it('does not change when an answer fails, except by what is missing', () => {
    const all = [...Array<boolean>(10).fill(true), ...Array<boolean>(10).fill(false)];
    expect(result(all).value).toBe(1);
    expect(result(all.map((prediction, i) => (i % 2 ? prediction : null))).value).toBe(1);
  });

  it('has no value when a class has no verdict', () => {
    const half = [...Array<null>(10).fill(null), ...Array<boolean>(10).fill(false)];
    expect(result(half)).toMatchObject({ value: null, interval: null, nPositives: 0, nNegatives: 10, nFailed: 10 });
    expect(result(Array<null>(20).fill(null))).toMatchObject({ value: null, nFailed: 20 });
  });

  it('fails, and says so, when fewer than half of either class have a verdict; figures add up', () => {
    const yes = (n: number) => [...Array<boolean>(n).fill(true), ...Array<null>(10 - n).fill(null)];
    expect(result([...yes(5), ...Array<boolean>(10).fill(false)])).toMatchObject({ value: 1, failure: null });
    const short = result([...yes(4), ...Array<boolean>(10).fill(false)]);
    expect(short).toMatchObject({ value: null, interval: null, nPositives: 4, nNegatives: 10, nFailed: 6 });
    expect(short.failure).toContain('4 of 10 firing and 10 of 10 silent windows');
    expect(result([...Array<boolean>(10).fill(true), ...yes(4)])).toMatchObject({ value: null, nPositives: 10, nNegatives: 4, nFailed: 6 });
  });
});

describe('shuffledExam', () => {
  it('is the same exam, mixed, depending on seed and latent alone', () => {
    const mixed = shuffledExam(exam, 22, 7);
    expect(shuffledExam(exam, 22, 7)).toEqual(mixed);
    expect(shuffledExam(exam, 22, 8).positive).not.toEqual(mixed.positive);
    expect(shuffledExam(exam, 23, 7).positive).not.toEqual(mixed.positive);
    expect(mixed.positive).not.toEqual(exam.positive);
    expect(mixed.windows.map(({ row }) => row).sort((a, b) => a - b)).toEqual(exam.windows.map(({ row }) => row));
    for (const [i, { row, kind, document }] of mixed.windows.entries()) {
      const before = exam.windows.findIndex((other) => other.row === row);
      expect([mixed.positive[i], mixed.documents[i]]).toEqual([kind === 'activating', exam.documents[before]]);
      expect(exam.windows[before]?.document).toBe(document);
    }
  });

  it('puts positives anywhere: over 400 latents each place holds one half of the time, ± 4 standard errors', () => {
    const counts = new Array<number>(20).fill(0);
    for (let latent = 0; latent < 400; latent++)
      shuffledExam(exam, 1, latent).positive.forEach((positive, i) => (counts[i] = (counts[i] as number) + Number(positive)));
    for (const count of counts) expect(Math.abs(count / 400 - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / 400));
  });
});

describe('hasControl', () => {
  it('is every latent’s by default, and nobody’s when left out', () => {
    const all = Array.from({ length: 1000 }, (_, i) => i);
    expect(all.every((latent) => hasControl(latent, 22, 'all'))).toBe(true);
    expect(all.some((latent) => hasControl(latent, 22, 'none'))).toBe(false);
  });

  it('draws one latent in ten when told to, differently for another seed', () => {
    const drawn = (seed: number): number[] => Array.from({ length: 10_000 }, (_, i) => i).filter((latent) => hasControl(latent, seed, 'tenth'));
    // Binomial: 1,000 ± 4 · 30.
    expect(Math.abs(drawn(22).length - 1000)).toBeLessThan(120);
    const [one, two] = [drawn(22), new Set(drawn(23))];
    expect(one.filter((latent) => two.has(latent)).length).toBeLessThan(200);
  });
});
