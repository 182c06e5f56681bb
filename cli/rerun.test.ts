import { expect, it } from 'vitest';
import type { ExplanationRerun } from '#gpu-worker/stages/rerun-explanation.ts';
import { reportLines } from './rerun.ts';

const result: ExplanationRerun = {
  id: '7',
  method: 'default',
  latent: 3,
  sameQuestion: true,
  differences: [],
  then: { text: 'Taxes', explainer: 'm-1', promptHash: 'a' },
  now: { text: 'Taxes', explainer: 'm-1', promptHash: 'a', failure: null },
  agrees: true,
  similarity: 1,
  calls: 1,
  tokensIn: 900,
  tokensOut: 9,
};

it('says that the same came out', () => {
  expect(reportLines(result).at(-1)).toBe('They agree to the letter.');
  expect(reportLines(result)).toContain('  The question is the same to the letter.');
});

it('says how far apart the texts are, and whose doing it is', () => {
  const lines = reportLines({ ...result, agrees: false, similarity: 0.812, now: { ...result.now, text: 'Duties' } });
  expect(lines.at(-1)).toBe('They do not agree; their sentence vectors have a cosine of 0.81. The model does not answer alike twice.');
  const other = reportLines({
    ...result,
    agrees: false,
    sameQuestion: false,
    differences: ['It was asked of m-1, and now of m-2.'],
    now: { ...result.now, text: 'Duties' },
  });
  expect(other.join('\n')).toContain('not the same. It was asked of m-1, and now of m-2.');
  expect(other.at(-1)).not.toContain('twice');
});

it('says why there is nothing now', () => {
  const lines = reportLines({ ...result, agrees: false, similarity: null, now: { ...result.now, text: null, failure: 'the answer was cut off' } });
  expect(lines[2]).toContain('none: the answer was cut off');
  expect(lines.at(-1)).toBe('There is nothing to compare: it could not be made again.');
});
