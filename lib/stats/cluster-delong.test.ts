import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { clusterDelong } from './cluster-delong.ts';
import { delong } from './delong.ts';
import { normalQuantile } from './normal.ts';

describe('clusterDelong', () => {
  it('is DeLong’s estimate and variance where every window is a document of its own', () => {
    const item = fc.record({ label: fc.integer({ min: 0, max: 1 }), score: fc.integer({ min: -3, max: 3 }) });
    fc.assert(
      fc.property(fc.array(item, { minLength: 4, maxLength: 30 }), (items) => {
        const [labels, scores] = [items.map(({ label }) => label), items.map(({ score }) => score)];
        const plain = delong(labels, scores);
        const clustered = clusterDelong({ labels, scores, documents: items.map((_, i) => i) });
        if (plain === null) expect(clustered).toBeNull();
        else {
          expect(clustered?.estimate).toBeCloseTo(plain.auc, 12);
          if (plain.variance === null) expect(clustered?.variance).toBeNull();
          else expect(clustered?.variance).toBeCloseTo(plain.variance, 12);
        }
      }),
    );
  });

  it('is wider where windows come in documents that agree', () => {
    const labels = Array.from({ length: 40 }, (_, i) => Number(i < 20));
    const scores = labels.map((label, i) => (Math.floor(i / 4) % 3) + label);
    const width = (documents: number[]): number => {
      const { low, high } = clusterDelong({ labels, scores, documents })!.interval!;
      return high - low;
    };
    expect(width(labels.map((_, i) => Math.floor(i / 4)))).toBeGreaterThan(1.5 * width(labels.map((_, i) => i)));
  });

  it('covers the truth about as often as it says, with documents that differ', () => {
    const rng = rngFor('cluster-delong');
    const normal = (): number => normalQuantile(Math.max(1e-12, rng.next()));
    for (const auroc of [0.5, 0.9]) {
      let covered = 0;
      const repetitions = 500;
      for (let r = 0; r < repetitions; r++) {
        const exam = { labels: [] as number[], scores: [] as number[], documents: [] as number[] };
        for (const [label, windows, documents] of [[1, 50, 12], [0, 25, 10]] as const) {
          const effects = Array.from({ length: documents }, () => normal() * Math.sqrt(0.2));
          for (let i = 0; i < windows; i++) {
            exam.labels.push(label);
            exam.documents.push(100 * label + (i % documents));
            exam.scores.push(effects[i % documents]! + normal() * Math.sqrt(0.8) + label * normalQuantile(auroc) * Math.SQRT2);
          }
        } // prettier-ignore
        const { low, high } = clusterDelong(exam)!.interval!;
        covered += Number(low <= auroc && auroc <= high);
      }
      // 500 repetitions know a share of .95 to .02.
      expect(covered / repetitions).toBeGreaterThan(0.92);
      expect(covered / repetitions).toBeLessThan(0.985);
    }
  });

  it('has no interval from one document, and no value without a class', () => {
    expect(clusterDelong({ labels: [1, 1, 0, 0], scores: [3, 1, 2, 0], documents: [1, 1, 2, 3] })).toEqual({ estimate: 0.75, variance: null, interval: null });
    expect(clusterDelong({ labels: [1, 1], scores: [1, 2], documents: [1, 2] })).toBeNull();
  });
});
