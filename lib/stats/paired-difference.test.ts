import { describe, expect, it } from 'vitest';
import { rngFor, type Rng } from '#lib/random/rng.ts';
import { delongPaired } from './delong.ts';
import { normalCdf, normalQuantile } from './normal.ts';
import { pairedDifference } from './paired-difference.ts';

const gauss = (rng: Rng): number => Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());

/**
 * 50 windows a class from 12 documents; each judge is right with the given chance, which shifts with the document and, in
 * part, with the window, for both alike.
 */
function planted(accuracies: readonly [number, number], rng: Rng) {
  const exam = { labels: [] as number[], first: [] as number[], second: [] as number[], documents: [] as number[] };
  for (const label of [1, 0]) {
    const shift = Array.from({ length: 12 }, () => gauss(rng) * 0.5);
    for (let i = 0; i < 50; i++) {
      const document = rng.int(12);
      const shared = shift[document]! + gauss(rng) * 0.6;
      const right = accuracies.map((accuracy) => shared + gauss(rng) < normalQuantile(accuracy) * Math.sqrt(1 + 0.25 + 0.36));
      exam.labels.push(label);
      exam.documents.push(document);
      exam.first.push(right[0] ? label : 1 - label);
      exam.second.push(right[1] ? label : 1 - label);
    }
  }
  return exam;
}

describe('pairedDifference', () => {
  it.each([[[0.9, 0.9]], [[0.9, 0.75]], [[0.98, 0.85]], [[0.98, 0.5]]] as const)(
    'covers the true difference of judges right with chances %j in about 95 of 100 exams',
    (accuracies) => {
      let covered = 0;
      const runs = 400;
      for (let run = 0; run < runs; run++) {
        const rng = rngFor('paired', ...accuracies, run);
        const { interval } = pairedDifference(planted(accuracies, rng), rng)!;
        const truth = accuracies[0] - accuracies[1];
        covered += Number(interval!.low <= truth && truth <= interval!.high);
      }
      // Standard error of a 95 % coverage over 400 runs: 1.1 points.
      expect(covered / runs).toBeGreaterThan(0.915);
      expect(covered / runs).toBeLessThan(0.99);
    },
  );

  it('is DeLong’s paired test where each window is its own document', () => {
    const rng = rngFor('delong');
    const labels = Array.from({ length: 60 }, (_, i) => i % 2);
    const first = labels.map((label) => label + gauss(rng));
    const second = labels.map((label, i) => 0.5 * label + 0.5 * first[i]! + gauss(rng));
    const { estimate, interval } = pairedDifference({ labels, first, second, documents: labels.map((_, i) => i) }, rng)!;
    const classic = delongPaired(labels, first, second)!;
    expect(estimate).toBeCloseTo(classic.difference, 12);
    // t of 29 degrees of freedom: 2.0452.
    expect((interval!.high - estimate) / 2.0452).toBeCloseTo(classic.difference / classic.z!, 4);
    expect(2 * normalCdf(-Math.abs(classic.z!))).toBeCloseTo(classic.p!, 12);
  });

  it('does not collapse where both are perfect, and has no interval from one document', () => {
    const labels = [1, 1, 1, 0, 0, 0];
    const same = pairedDifference({ labels, first: labels, second: labels, documents: [1, 2, 3, 4, 5, 6] }, rngFor(1))!;
    expect(same.estimate).toBe(0);
    expect(same.interval!.low).toBeLessThan(-0.3);
    expect(pairedDifference({ labels, first: labels, second: labels, documents: [1, 1, 1, 2, 2, 2] }, rngFor(1))).toEqual({ estimate: 0, interval: null });
    expect(pairedDifference({ labels: [1], first: [1], second: [1], documents: [1] }, rngFor(1))).toBeNull();
  });
});
