import { describe, expect, it } from 'vitest';
import { rngFor, type Rng } from '#lib/random/rng.ts';
import { balancedAccuracy } from './classification.ts';
import { clusterBootstrap } from './cluster-bootstrap.ts';
import { normalQuantile } from './normal.ts';
import { rocAuc } from './roc-auc.ts';

interface Exam {
  labels: number[];
  scores: number[];
  documents: number[];
}

function gauss(rng: Rng): number {
  return Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
}

/** 40 windows a class from `documents` documents, half the variance between documents; the true AUROC is known. */
function planted(auroc: number, documents: number, rng: Rng): Exam {
  const exam: Exam = { labels: [], scores: [], documents: [] };
  for (const label of [1, 0]) {
    const shift = Array.from({ length: documents }, () => gauss(rng) * Math.SQRT1_2);
    for (let i = 0; i < 40; i++) {
      // Some documents hold many windows, some few, as in a real exam.
      const document = Math.floor(documents * rng.next() ** 2);
      exam.labels.push(label);
      exam.documents.push(document);
      exam.scores.push(label * normalQuantile(auroc) * Math.SQRT2 + shift[document]! + gauss(rng) * Math.SQRT1_2);
    }
  }
  return exam;
}

describe('clusterBootstrap', () => {
  it.each([
    [0.7, 6],
    [0.95, 12],
  ])('covers a known AUROC of %d from %d documents a class, where the percentile interval does not', (auroc, documents) => {
    const runs = 300;
    let covered = 0;
    let percentileCovered = 0;
    for (let run = 0; run < runs; run++) {
      const rng = rngFor('coverage', auroc, documents, run);
      const result = clusterBootstrap(planted(auroc, documents, rng), rng, { resamples: 250 })!;
      covered += Number(result.interval!.low <= auroc && auroc <= result.interval!.high);
      percentileCovered += Number(result.percentile!.low <= auroc && auroc <= result.percentile!.high);
    }
    // A 95 % coverage counted over 300 runs has a standard error of 1.3 points.
    expect(covered / runs).toBeGreaterThan(0.915);
    expect(percentileCovered / runs).toBeLessThan(0.9);
  });

  it('is wider for windows of few documents than for as many of their own', () => {
    const width = (exam: Exam): number => {
      const { interval } = clusterBootstrap(exam, rngFor(1))!;
      return interval!.high - interval!.low;
    };
    const ratios = Array.from({ length: 20 }, (_, i) => {
      const exam = planted(0.8, 5, rngFor('width', i));
      return width(exam) / width({ ...exam, documents: exam.documents.map((_, item) => item) });
    });
    expect(ratios.reduce((sum, r) => sum + r, 0) / ratios.length).toBeGreaterThan(1.5);
  });

  it('counts ties one half in the estimate and in every resample', () => {
    const tied = { labels: [1, 1, 0, 0, 0], scores: [2, 2, 2, 2, 2], documents: [1, 2, 1, 2, 3] };
    expect(clusterBootstrap(tied, rngFor(1))).toMatchObject({ estimate: 0.5, percentile: { low: 0.5, high: 0.5 } });
  });

  it('resamples as drawing the documents by hand does', () => {
    // Two documents a class: a resample is one of 3 × 3 multiplicities, so the replicates take the values below alone.
    const exam = { labels: [1, 1, 1, 0, 0, 0], scores: [4, 1, 2, 3, 2, 0], documents: [7, 7, 8, 7, 9, 9] };
    const values = new Set<number>();
    for (const p of [
      [2, 0],
      [1, 1],
      [0, 2],
    ]) {
      for (const n of [
        [2, 0],
        [1, 1],
        [0, 2],
      ]) {
        const weights = [p[0]!, p[0]!, p[1]!, n[0]!, n[1]!, n[1]!];
        values.add(rocAuc(exam.labels, exam.scores, weights)!);
      }
    }
    const { percentile } = clusterBootstrap(exam, rngFor(1), { resamples: 4000, level: 0.9999 })!;
    expect(percentile!.low).toBeCloseTo(Math.min(...values), 12);
    expect(percentile!.high).toBeCloseTo(Math.max(...values), 12);
  });

  it('gives balanced accuracy for predictions of 0 and 1', () => {
    const labels = [1, 1, 1, 0, 0, 0];
    const predictions = [1, 1, 0, 0, 0, 1];
    const result = clusterBootstrap({ labels, scores: predictions, documents: [1, 2, 3, 4, 5, 6] }, rngFor(1))!;
    expect(result.estimate).toBeCloseTo(balancedAccuracy(labels, predictions)!, 15);
    expect(result.interval!.low).toBeLessThan(0.5);
  });

  it('does not collapse on a perfect score, and says more with more documents', () => {
    const perfect = (documents: number): number => {
      const labels = Array.from({ length: 80 }, (_, i) => (i < 40 ? 1 : 0));
      // Not 0 and 1 alone: those are proportions, with an interval of their own.
      const scores = labels.map((label, i) => 2 * label + (i % 7) / 10);
      return clusterBootstrap({ labels, scores, documents: labels.map((_, i) => i % documents) }, rngFor(1))!.interval!.low;
    };
    // Wilson's bound for no error in D · (z/t)² observations: n / (n + z²) = D / (D + t²); t(9) = 2.262, t(39) = 2.023.
    expect(perfect(10)).toBeCloseTo(10 / (10 + 2.262157 ** 2), 5);
    expect(perfect(40)).toBeCloseTo(40 / (40 + 2.022691 ** 2), 5);
  });

  it('has an estimate but no interval from one document, and nothing without a class', () => {
    const exam = { labels: [1, 1, 0, 0], scores: [3, 1, 2, 0], documents: [5, 5, 6, 7] };
    expect(clusterBootstrap(exam, rngFor(1))).toEqual({ estimate: 0.75, interval: null, percentile: null, positiveDocuments: 1, negativeDocuments: 2 });
    expect(clusterBootstrap({ labels: [1], scores: [1], documents: [1] }, rngFor(1))).toBeNull();
    expect(() => clusterBootstrap({ ...exam, documents: [1] }, rngFor(1))).toThrow(/one document for each label/);
  });

  it('depends on the seed alone', () => {
    const exam = planted(0.8, 6, rngFor('seed'));
    expect(clusterBootstrap(exam, rngFor('a'))).toEqual(clusterBootstrap(exam, rngFor('a')));
    expect(clusterBootstrap(exam, rngFor('a'))).not.toEqual(clusterBootstrap(exam, rngFor('b')));
  });
});
