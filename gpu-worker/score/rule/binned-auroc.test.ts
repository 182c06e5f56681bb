import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { clusterBootstrap } from '#lib/stats/cluster-bootstrap.ts';
import { rocAuc } from '#lib/stats/roc-auc.ts';
import { binnedAuroc } from './binned-auroc.ts';

/** Tokens of `documents` documents whose scores share a shift per document; firing tokens score higher by `gap`. */
function tokens(documents: number, each: number, gap: number, seed: number) {
  const rng = rngFor('binned', seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
  const labels: boolean[] = [];
  const scores: number[] = [];
  const ids: number[] = [];
  for (let d = 0; d < documents; d++) {
    const shift = 0.3 * normal();
    for (let i = 0; i < each; i++) {
      labels.push(i % 8 === 0);
      scores.push(shift + normal() + (i % 8 === 0 ? gap : 0));
      ids.push(d);
    }
  }
  return { labels, scores, ids };
}

describe('binnedAuroc', () => {
  it('gives the exact value, and an interval close to the one from unbinned resamples', () => {
    const { labels, scores, ids } = tokens(16, 160, 1, 1);
    const binned = binnedAuroc(labels, scores, ids, rngFor('a'));
    expect(binned?.value).toBe(rocAuc(labels, scores));
    const exact = clusterBootstrap({ labels, scores, documents: ids }, rngFor('b'), { resamples: 2000 })?.interval;
    expect(Math.abs((binned?.interval?.low ?? 0) - (exact?.low ?? 1))).toBeLessThan(0.02);
    expect(Math.abs((binned?.interval?.high ?? 0) - (exact?.high ?? 1))).toBeLessThan(0.02);
  });

  it('has no value without both classes and no interval from one document', () => {
    expect(binnedAuroc([true, true], [1, 2], [0, 1], rngFor('c'))).toBeNull();
    expect(binnedAuroc([true, false], [1, 0], [0, 0], rngFor('d'))).toEqual({ value: 1, interval: null });
  });

  it('counts ties one half', () => {
    expect(binnedAuroc([true, false, true, false], [1, 1, 1, 1], [0, 1, 2, 3], rngFor('e'))?.value).toBe(0.5);
  });
});
