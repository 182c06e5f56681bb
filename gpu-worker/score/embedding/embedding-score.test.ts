import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import type { StoredExample } from '#lib/example/blob.ts';
import { examOf } from '#gpu-worker/score/exam.ts';
import { embeddingFigures } from './embedding-score.ts';

/** A planted exam: firing windows point towards the explanation by `pull`, silent ones do not, with an effect per document. */
function planted(seed: number, pull: number) {
  const rng = rngFor('planted', seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
  const windows: (StoredExample & { maxActivation: number; maxIndex: number | null })[] = [];
  const vectors: Float32Array[] = [];
  for (let i = 0; i < 100; i++) {
    const positive = i < 50;
    const shift = 0.1 * Math.sin(i % 12);
    const angle = shift + normal() * 0.5 + (positive ? pull : 0);
    vectors.push(Float32Array.of(Math.sin(angle), Math.cos(angle)));
    windows.push({
      row: i, start: 1, split: 'test', kind: positive ? 'activating' : 'random', quantile: positive ? Math.floor(i / 5) : null,
      document: `d${i % 12}`, tokens: ['a'], activations: [positive ? 1 : 0], maxActivation: positive ? 1 : 0, maxIndex: positive ? 0 : null,
    }); // prettier-ignore
  }
  return { latentExam: { latent: seed, seed: 1, exam: examOf(windows), maxActivation: 1 }, vectors };
}

describe('embeddingFigures', () => {
  const explanation = Float32Array.of(1, 0);

  it('is far above one half for an explanation that points at the windows, with an interval that says so', () => {
    const { latentExam, vectors } = planted(1, 1);
    const scored = embeddingFigures(latentExam, explanation, vectors);
    expect(scored.value).toBeGreaterThan(0.85);
    expect(scored.interval?.low).toBeGreaterThan(0.7);
    expect(scored.verdicts.length).toBe(100);
  });

  it('is about one half for one that does not, on average and within its interval', () => {
    let sum = 0;
    let covered = 0;
    for (let seed = 0; seed < 100; seed++) {
      const { latentExam, vectors } = planted(seed, 0);
      const scored = embeddingFigures(latentExam, explanation, vectors);
      sum += scored.value ?? Number.NaN;
      if ((scored.interval?.low ?? 1) <= 0.5 && (scored.interval?.high ?? 0) >= 0.5) covered++;
    }
    expect(Math.abs(sum / 100 - 0.5)).toBeLessThan(0.02);
    expect(covered).toBeGreaterThanOrEqual(90);
  });

  it('leaves out windows without a vector and has no value without a class', () => {
    const { latentExam, vectors } = planted(2, 1);
    // 50 firing windows, then 50 silent ones: a third of the first go, and every second of the others.
    const left = embeddingFigures(
      latentExam,
      explanation,
      vectors.map((v, i) => ((i < 50 ? i % 3 : i % 2) ? v : null)),
    );
    expect(left).toMatchObject({ nPositives: 33, nNegatives: 25, nFailed: 42 });
    expect(left.verdicts.length).toBe(100);
    expect(left.verdicts.filter(({ score }) => score === null).length).toBe(42);
    const oneSided = embeddingFigures(
      latentExam,
      explanation,
      vectors.map((v, i) => (i < 50 ? v : null)),
    );
    expect(oneSided).toMatchObject({ value: null, interval: null, failure: expect.stringContaining('50 of 50 firing and 0 of 50 silent') });
  });
});
