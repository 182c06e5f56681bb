import { examFigures, type ExamFigures } from '#gpu-worker/score/figures.ts';
import type { LatentExam } from '#gpu-worker/score/scorer.ts';

/**
 * Embedding score (method.md §5.6): AUROC of the cosine similarity between the explanation and each window, firing against
 * silent. Both are unit vectors, so the cosine is a dot product.
 *
 * @param vectors parallel to the exam's windows; null where a window was not embedded (it counts as failed)
 * @param name what the resamples are drawn for
 * @param options as for `examFigures`
 */
export function embeddingFigures(
  latentExam: LatentExam,
  explanation: Float32Array,
  vectors: readonly (Float32Array | null)[],
  name = 'embedding',
  options: { withParts?: boolean; resampled?: boolean } = {},
): ExamFigures {
  const judgements = vectors.map((vector) => (vector === null ? null : { score: dot(explanation, vector) }));
  return examFigures(latentExam, judgements, 'auroc', name, options);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
