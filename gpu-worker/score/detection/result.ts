import type { Rng } from '#lib/random/rng.ts';
import type { Verdict } from '#lib/score/schema.ts';
import { clusterBootstrap } from '#lib/stats/cluster-bootstrap.ts';
import type { Interval } from '#lib/stats/interval.ts';
import type { Exam } from '#gpu-worker/score/exam.ts';

/**
 * Share of each class's windows that must have a verdict. With less than half, more of a class is unknown than known, and
 * which windows a model refuses is not chance: its accuracy over all of them could be almost anything.
 */
export const MIN_ANSWERED_SHARE = 0.5;

export interface DetectionResult {
  /** Balanced accuracy ½ (TP/P + TN/N) over the windows with a verdict; null when too few of either class have one. */
  value: number | null;
  /** 95 %, from resampling documents within each class; null where a class has fewer than two. */
  interval: Interval | null;
  /** Windows with a verdict. */
  nPositives: number;
  nNegatives: number;
  /** Windows without one; they count for nothing else. With those that have one they make up the exam. */
  nFailed: number;
  /** Why there is no value; null where there is one. */
  failure: string | null;
  /** All windows in the exam's order; a failed one has neither score nor right. */
  verdicts: Verdict[];
}

/** The figures of one exam. `predictions` are those of `detect`, parallel to its windows; `rng` draws the resamples. */
export function detectionResult(exam: Exam, predictions: readonly (boolean | null)[], rng: Rng): DetectionResult {
  const answered = predictions.flatMap((prediction, i) => (prediction === null ? [] : [i]));
  const pick = <T>(list: readonly T[]): T[] => answered.map((i) => list[i] as T);
  const nPositives = pick(exam.positive).filter(Boolean).length;
  const nNegatives = answered.length - nPositives;
  const enough = (n: number, of: number): boolean => n > 0 && n >= MIN_ANSWERED_SHARE * of;
  // Predictions given as 0 and 1 make the AUROC the balanced accuracy (see ClusteredExam.scores).
  const accuracy =
    enough(nPositives, exam.nPositives) && enough(nNegatives, exam.nNegatives)
      ? clusterBootstrap({ labels: pick(exam.positive), scores: pick(predictions).map(Number), documents: pick(exam.documents) }, rng)
      : null;
  return {
    value: accuracy?.estimate ?? null,
    interval: accuracy?.interval ?? null,
    nPositives,
    nNegatives,
    nFailed: predictions.length - answered.length,
    failure:
      accuracy === null
        ? `The language model gave a usable verdict on ${nPositives} of ${exam.nPositives} firing and ${nNegatives} of ${exam.nNegatives} silent windows; a score takes half of each.`
        : null,
    verdicts: exam.windows.map(({ row, start }, i) => {
      const positive = exam.positive[i] as boolean;
      const prediction = predictions[i] ?? null;
      return { row, start, positive, score: prediction === null ? null : Number(prediction), right: prediction === null ? null : prediction === positive };
    }),
  };
}
