import { describe, expect, it } from 'vitest';
import { joinTokens } from '#lib/token/join.ts';
import { examOf } from '#gpu-worker/score/exam.ts';
import { window } from '#tests/doubles/windows.ts';
import { markExam } from './mark-exam.ts';
import { firingSpans, markedText, markedTokens } from './marked-text.ts';
import { countTokenFrequency, tokenCounts } from './token-traits.ts';

const TEXTS = [
  'the old king of Spain paid 40 men , and',
  'a tax on tea was laid in 1767 ; so',
  'he saw the red ship at dawn , but no',
  'on Monday the court sat for 9 hours . It',
];
const silent = Array.from({ length: 12 }, (_, i) => window(TEXTS[i % 4]!, { split: 'test', row: 100 + i, document: `n${i}` }));
const firing = [
  ...Array.from({ length: 8 }, (_, i) => window('it was {Friday|9} when the long {war|5} of two kings', { split: 'test', row: i, document: `p${i}` })),
  ...Array.from({ length: 4 }, (_, i) => window('they asked {for|3} {the|9} {bread|8} and went on then', { split: 'test', row: 20 + i, document: `q${i}` })),
];
const examined = examOf([...firing, ...silent]);
const frequency = countTokenFrequency(tokenCounts(examined.windows));
const marking = { threshold: 0.4, frequency };
const latentExam = { latent: 3, seed: 22, exam: examined, maxActivation: 9 };

describe('markExam', () => {
  const marks = markExam(latentExam, marking);

  it('marks firing windows where they fire above the share of their maximum', () => {
    expect(marks[0]).toEqual([
      { start: 2, length: 1 },
      { start: 6, length: 1 },
    ]);
    expect(marks[8]).toEqual([{ start: 3, length: 2 }]);
  });

  it('gives silent windows, together, exactly the numbers and lengths that firing ones have', () => {
    const shapes = (from: number, to: number): string[] =>
      marks
        .slice(from, to)
        .map((spans) => spans.map(({ length }) => length).join())
        .sort();
    expect(shapes(12, 24)).toEqual(shapes(0, 12));
    for (const spans of marks)
      for (const [i, span] of spans.entries()) if (i > 0) expect(span.start).toBeGreaterThan(spans[i - 1]!.start + spans[i - 1]!.length);
  });

  it('depends on seed, latent and window alone, and differs between windows of one text', () => {
    expect(markExam(latentExam, marking)).toEqual(marks);
    expect(markExam({ ...latentExam, seed: 23 }, marking)).not.toEqual(marks);
    // Twelve silent windows of four texts: unmatched marks would stand at the same places in each (method.md §5.3).
    expect(new Set(marks.slice(12).map((spans) => JSON.stringify(spans))).size).toBeGreaterThan(4);
  });

  it('does not depend on what other classes are asked about', () => {
    const near = Array.from({ length: 5 }, (_, i) => window('no tea was sold in that town , they said', { split: 'test', row: 300 + i, kind: 'same_token' }));
    const all = markExam({ ...latentExam, exam: examOf([...firing, ...silent, ...near], ['random', 'same_token']) }, marking);
    // Frequencies are given, so that a window more changes nothing.
    expect(all.slice(0, 24)).toEqual(marks);
    expect(all.slice(24).every((spans) => spans.length > 0)).toBe(true);
  });

  it('marks what there is of a window that is too short for its template', () => {
    const long = [window('{a} {b} {c} {d} {e} {f} {g} {h}', { split: 'test', row: 1 })];
    const short = [window('so it', { split: 'test', row: 2 })];
    expect(markExam({ ...latentExam, exam: examOf([...long, ...short]) }, marking)[1]).toEqual([{ start: 0, length: 2 }]);
  });
});

describe('markedText', () => {
  it('puts spaces outside of marks and lets no mark of the corpus pass for ours', () => {
    const tokens = ['He', ' said', ' «no»', ' and', ' left'];
    const pieces = joinTokens(tokens, [0, 0, 1, 1, 0]);
    const spans = firingSpans({ tokens, activations: [0, 0, 1, 1, 0], maxActivation: 1 }, 0.3);
    expect(markedText(pieces, spans)).toBe('He said «“no” and» left');
    expect(markedTokens(pieces, spans)).toEqual([2, 3]);
  });
});
