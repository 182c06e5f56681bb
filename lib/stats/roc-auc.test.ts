import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rocAuc } from './roc-auc.ts';

function byPairs(labels: number[], scores: number[], weights: number[]): number {
  let won = 0;
  let all = 0;
  labels.forEach((label, i) => {
    if (!label) return;
    labels.forEach((other, j) => {
      if (other) return;
      all += weights[i]! * weights[j]!;
      won += weights[i]! * weights[j]! * (scores[i]! > scores[j]! ? 1 : scores[i] === scores[j] ? 0.5 : 0);
    });
  });
  return won / all;
}

describe('rocAuc', () => {
  it('equals the definition by pairs, ties and whole weights included', () => {
    const item = fc.record({ label: fc.integer({ min: 0, max: 1 }), score: fc.integer({ min: -3, max: 3 }), weight: fc.integer({ min: 0, max: 4 }) });
    fc.assert(
      fc.property(fc.array(item, { minLength: 2, maxLength: 30 }), (items) => {
        const labels = items.map((i) => i.label);
        const scores = items.map((i) => i.score);
        const weights = items.map((i) => i.weight);
        const expected = byPairs(labels, scores, weights);
        if (Number.isNaN(expected)) expect(rocAuc(labels, scores, weights)).toBeNull();
        else expect(rocAuc(labels, scores, weights)).toBeCloseTo(expected, 12);
      }),
    );
  });

  it('counts a weight of two as the item twice', () => {
    expect(rocAuc([1, 0, 1], [1, 2, 3], [2, 1, 1])).toBe(rocAuc([1, 1, 0, 1], [1, 1, 2, 3]));
  });

  it('refuses what it cannot rank', () => {
    expect(() => rocAuc([1, 0], [NaN, 1])).toThrow(/Score 0/);
    expect(() => rocAuc([1, 0], [1])).toThrow(/2 labels and 1 scores/);
  });
});
