import type { Rng } from '#lib/random/rng.ts';
import type { Verdict } from '#lib/score/schema.ts';
import { clusterBootstrap } from '#lib/stats/cluster-bootstrap.ts';
import type { Interval } from '#lib/stats/interval.ts';
import type { Exam } from '#gpu-worker/score/exam.ts';

/** A score's number with its interval, and how each window fared. */
export interface ScoredExam {
  value: number;
  interval: Interval | null;
  verdicts: Verdict[];
  /** Windows that were ranked. */
  nPositives: number;
  nNegatives: number;
  /** Windows left out because nobody embedded them. */
  nFailed: number;
}

/**
 * Embedding score (method.md §5.6): AUROC of the cosine similarity between the explanation and each window, firing
 * against silent, with documents resampled within each class. Both are unit vectors, so the cosine is a dot product.
 * Null when a class has no embedded window.
 *
 * @param vectors parallel to the exam's windows; null where a window was not embedded (it is left out)
 */
export function embeddingScore(exam: Exam, explanation: Float32Array, vectors: readonly (Float32Array | null)[], rng: Rng): ScoredExam | null {
  const used = exam.windows.flatMap((_, i) => (vectors[i] ? [i] : []));
  const similarities = used.map((i) => dot(explanation, vectors[i] as Float32Array));
  const scored = clusterBootstrap(
    { labels: used.map((i) => exam.positive[i] as boolean), scores: similarities, documents: used.map((i) => exam.documents[i] as number) },
    rng,
  );
  if (!scored) return null;
  const nPositives = used.filter((i) => exam.positive[i]).length;
  return {
    value: scored.estimate,
    interval: scored.interval,
    nPositives,
    nNegatives: used.length - nPositives,
    nFailed: exam.windows.length - used.length,
    verdicts: used.map((i, n) => {
      const { row, start } = exam.windows[i] as Exam['windows'][number];
      return { row, start, positive: exam.positive[i] as boolean, score: similarities[n] as number, right: null };
    }),
  };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
