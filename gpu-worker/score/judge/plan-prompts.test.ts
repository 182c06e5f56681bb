import { describe, expect, it } from 'vitest';
import { examOf, headlineOf } from '#gpu-worker/score/exam.ts';
import { shuffledExam } from '#gpu-worker/score/shuffled-exam.ts';
import { window } from '#tests/doubles/windows.ts';
import { planPrompts } from './plan-prompts.ts';

const windows = [
  ...Array.from({ length: 10 }, (_, i) => window(`{yes} ${i}`, { split: 'test', row: i })),
  ...Array.from({ length: 10 }, (_, i) => window(`no ${i}`, { split: 'test', row: 100 + i })),
  ...Array.from({ length: 9 }, (_, i) => window(`near ${i}`, { split: 'test', row: 200 + i, kind: 'same_token' })),
];
const exam = shuffledExam(examOf(windows, ['random', 'same_token']), 22, 7);
const latentExam = { latent: 7, seed: 22, exam, maxActivation: 1 };

describe('planPrompts', () => {
  it('asks about the headline as if there were no other class', () => {
    const alone = { ...latentExam, exam: shuffledExam(examOf(windows), 22, 7) };
    const rows = (of: typeof latentExam) => planPrompts(of, 'detection', 5).map(({ items }) => items.map((item) => of.exam.windows[item]?.row));
    expect(rows(latentExam).slice(0, 4)).toEqual(rows(alone));
    expect(rows({ ...latentExam, exam: headlineOf(exam) })).toEqual(rows(alone));
  });

  it('puts a firing window that counts for nothing among those of other classes', () => {
    const prompts = planPrompts(latentExam, 'detection', 5);
    const further = prompts.slice(4);
    expect(further.map(({ items }) => items.length)).toEqual([5, 5, 2]);
    for (const { items, companion } of further) {
      expect(items.filter((item) => exam.positive[item])).toEqual([companion]);
      expect(items.filter((item) => item !== companion).every((item) => exam.windows[item]?.kind === 'same_token')).toBe(true);
    }
    const asked = prompts.flatMap(({ items, companion }) => items.filter((item) => item !== companion)).sort((a, b) => a - b);
    expect(asked).toEqual(exam.windows.map((_, i) => i));
  });

  it('needs no companion with one window a prompt', () => {
    const prompts = planPrompts(latentExam, 'detection', 1);
    expect(prompts.length).toBe(29);
    expect(prompts.every(({ companion }) => companion === null)).toBe(true);
  });
});
