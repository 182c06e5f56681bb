import type { Rng } from '#lib/random/rng.ts';
import type { Verdict } from '#lib/score/schema.ts';
import { clusterBootstrap } from '#lib/stats/cluster-bootstrap.ts';
import type { Interval } from '#lib/stats/interval.ts';
import type { Exam } from '#gpu-worker/score/exam.ts';

export interface DetectionResult {
  /** Balanced accuracy ½ (TP/P + TN/N) over the windows with a verdict; null when either class has none. */
  value: number | null;
  /** 95 %, from resampling documents within each class; null where a class has fewer than two. */
  interval: Interval | null;
  /** Windows with a verdict. */
  nPositives: number;
  nNegatives: number;
  /** Windows without one; they count for nothing else. */
  nFailed: number;
  /** All windows in the exam's order; a failed one has neither score nor right. */
  verdicts: Verdict[];
}

/** The figures of one exam. `predictions` are those of `detect`, parallel to its windows; `rng` draws the resamples. */
export function detectionResult(exam: Exam, predictions: readonly (boolean | null)[], rng: Rng): DetectionResult {
  const answered = predictions.flatMap((prediction, i) => (prediction === null ? [] : [i]));
  const pick = <T>(list: readonly T[]): T[] => answered.map((i) => list[i] as T);
  // Predictions given as 0 and 1 make the AUROC the balanced accuracy (see ClusteredExam.scores).
  const accuracy = clusterBootstrap({ labels: pick(exam.positive), scores: pick(predictions).map(Number), documents: pick(exam.documents) }, rng);
  const nPositives = pick(exam.positive).filter(Boolean).length;
  return {
    value: accuracy?.estimate ?? null,
    interval: accuracy?.interval ?? null,
    nPositives,
    nNegatives: answered.length - nPositives,
    nFailed: predictions.length - answered.length,
    verdicts: exam.windows.map(({ row, start }, i) => {
      const positive = exam.positive[i] as boolean;
      const prediction = predictions[i] ?? null;
      return { row, start, positive, score: prediction === null ? null : Number(prediction), right: prediction === null ? null : prediction === positive };
    }),
  };
}
