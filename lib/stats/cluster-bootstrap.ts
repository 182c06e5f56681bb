import { AppError } from '#lib/errors/app-error.ts';
import type { Rng } from '#lib/random/rng.ts';
import { percentileInterval } from './bootstrap.ts';
import { clusterAccuracy } from './cluster-accuracy.ts';
import type { Interval } from './interval.ts';
import { ascendingOrder } from './mid-ranks.ts';
import { normalQuantile } from './normal.ts';
import { checkScores, rocAuc } from './roc-auc.ts';
import { studentTMultiplier } from './student-t.ts';
import { wilson } from './wilson.ts';

/** Scored windows with the document each was cut from. */
export interface ClusteredExam {
  /** Truthy is positive. */
  labels: ArrayLike<number | boolean>;
  /** Higher is more positive; give predictions as 0 and 1 and the AUROC *is* their balanced accuracy. */
  scores: ArrayLike<number>;
  /** Any ids; windows of one id were cut from one document. */
  documents: ArrayLike<number>;
}

/** An AUROC with an interval that knows windows of one document are alike. */
export interface ClusteredAuroc {
  estimate: number;
  /** Null when either class has one document: nothing shows how documents differ. */
  interval: Interval | null;
  /** The plain percentile interval, before widening; null as above, and for predictions of 0 and 1, which are not resampled. */
  percentile: Interval | null;
  positiveDocuments: number;
  negativeDocuments: number;
}

/**
 * AUROC (or balanced accuracy, see `ClusteredExam.scores`) with a confidence interval from resampling documents.
 *
 * **Estimand.** The chance that a random positive window scores above a random negative one, ties one half, where
 * positive windows come from the population of documents that the positives' documents are a sample of, negatives
 * likewise, and a document weighs as many pairs as it has windows. Each resample draws as many documents as there are,
 * with replacement, among the positives' and, separately, among the negatives'; all windows of a drawn document come
 * along. A document on both sides is drawn independently for each, which ignores that its shift moves both classes
 * alike: the interval is then too wide rather than too narrow.
 *
 * **Interval.** The percentile interval alone covered 61–93 % at a nominal 95 % in simulation (5–35 documents a class,
 * AUROC .6–.99, intra-document correlation .1 and .5), worst near 1, where it collapses. It is therefore joined with
 * Wilson's interval at the effective number of windows that the bootstrap's variance implies (Korn and Graubard 1998):
 * n = A(1−A) / (v · D/(D−1)) · (z/t)², D the documents of the class with fewer, t of D−1 degrees of freedom. The union
 * covered 93–98 %. Where the scores are perfect or v is 0 there is no variance to use and n = D · (z/t)²: a document
 * then counts as one observation, so 10 a class with no error give [.66, 1]. Predictions of 0 and 1 alone have the
 * interval of `clusterAccuracy` instead: over them the union covered up to 99.5 %.
 *
 * Deterministic for an rng. 1,000 resamples of 50 + 50 windows take about 1 ms.
 *
 * @param options.resamples default 1,000
 * @param options.level default 0.95
 * @returns null when a class is missing
 * @throws bad_request for a NaN score or arrays of different lengths
 */
export function clusterBootstrap(exam: ClusteredExam, rng: Rng, options: { resamples?: number; level?: number } = {}): ClusteredAuroc | null {
  const { resamples = 1000, level = 0.95 } = options;
  checkScores(exam.labels, exam.scores);
  if (exam.documents.length !== exam.labels.length) {
    throw new AppError('bad_request', `Give one document for each label: there are ${exam.labels.length} labels and ${exam.documents.length} documents.`);
  }
  const estimate = rocAuc(exam.labels, exam.scores);
  if (estimate === null) return null;
  const sorted = sortExam(exam);
  const { positiveDocuments, negativeDocuments } = sorted;
  const fewer = Math.min(positiveDocuments, negativeDocuments);
  if (fewer < 2) return { estimate, interval: null, percentile: null, positiveDocuments, negativeDocuments };
  if (Array.from(exam.scores).every((score) => score === 0 || score === 1)) {
    return { estimate, interval: clusterAccuracy(exam, level), percentile: null, positiveDocuments, negativeDocuments };
  }
  const { percentile, interval } = documentInterval(estimate, resample(sorted, rng, resamples), fewer, level);
  return { estimate, interval, percentile, positiveDocuments, negativeDocuments };
}

/**
 * The percentile interval of an AUROC's replicates from resampled documents, and the same joined with Wilson's interval
 * at the effective number of items that the replicates' variance implies; `clusterBootstrap` says why. `documents`: of
 * the class with fewer, at least 2.
 */
export function documentInterval(estimate: number, replicates: Float64Array, documents: number, level = 0.95): { percentile: Interval; interval: Interval } {
  const percentile = percentileInterval(replicates, level)!;
  const n = effectiveSize(estimate, variance(replicates), documents, level);
  const widened = wilson(estimate * n, n, level)!;
  return { percentile, interval: { low: Math.min(percentile.low, widened.low), high: Math.max(percentile.high, widened.high) } };
}

/** The windows in ascending order of score, each as the slot of its document; positives' documents come first. */
interface SortedExam {
  /** Among equal scores negatives first, then the same with positives first; one order when no score is on both sides. */
  orders: Int32Array[];
  positiveDocuments: number;
  negativeDocuments: number;
}

function sortExam({ labels, scores, documents }: ClusteredExam): SortedExam {
  const positives = new Map<number, number>();
  const negatives = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) {
    const slots = labels[i] ? positives : negatives;
    if (!slots.has(documents[i]!)) slots.set(documents[i]!, slots.size);
  }
  const ascending = Array.from(ascendingOrder(scores));
  const ordered = (first: (label: number | boolean | undefined) => boolean): Int32Array => {
    const rank = (i: number): number => Number(!first(labels[i]));
    const order = ascending.toSorted((i, j) => (scores[i]! < scores[j]! ? -1 : scores[i]! > scores[j]! ? 1 : rank(i) - rank(j)));
    return Int32Array.from(order, (i) => (labels[i] ? positives.get(documents[i]!)! : positives.size + negatives.get(documents[i]!)!));
  };
  const negativesFirst = ordered((label) => !label);
  const positivesFirst = ordered((label) => Boolean(label));
  const same = negativesFirst.every((slot, k) => slot < positives.size === positivesFirst[k]! < positives.size);
  return { orders: same ? [negativesFirst] : [negativesFirst, positivesFirst], positiveDocuments: positives.size, negativeDocuments: negatives.size };
}

/**
 * AUROCs of resampled documents. The order of the windows is fixed, only how often each document was drawn changes, so
 * that a resample is one sweep. A tie is won in one order and lost in the other: their mean counts it one half.
 */
function resample({ orders, positiveDocuments, negativeDocuments }: SortedExam, rng: Rng, resamples: number): Float64Array {
  // Two full-length tables, zero on the other class's slots: no branch on the class, which would be mispredicted half
  // the time.
  const drawnPositives = new Int32Array(positiveDocuments + negativeDocuments);
  const drawnNegatives = new Int32Array(positiveDocuments + negativeDocuments);
  const out = new Float64Array(resamples);
  for (let b = 0; b < resamples; b++) {
    drawnPositives.fill(0);
    drawnNegatives.fill(0);
    for (let i = 0; i < positiveDocuments; i++) drawnPositives[rng.int(positiveDocuments)]!++;
    for (let i = 0; i < negativeDocuments; i++) drawnNegatives[positiveDocuments + rng.int(negativeDocuments)]!++;
    let pairs = 0;
    let possible = 0;
    for (const slots of orders) {
      let positives = 0;
      let below = 0;
      for (let k = 0; k < slots.length; k++) {
        const slot = slots[k]!;
        const weight = drawnPositives[slot]!;
        positives += weight;
        below += drawnNegatives[slot]!;
        pairs += weight * below;
      }
      possible += positives * below;
    }
    out[b] = pairs / possible;
  }
  return out;
}

function variance(values: Float64Array): number {
  let mean = 0;
  for (const value of values) mean += value / values.length;
  let sum = 0;
  for (const value of values) sum += (value - mean) ** 2;
  return sum / (values.length - 1);
}

/** How many independent windows would give an AUROC this variance, less what estimating it from few documents costs. */
function effectiveSize(auroc: number, bootstrapVariance: number, documents: number, level: number): number {
  const z = normalQuantile((1 + level) / 2);
  const t = studentTMultiplier(level, documents - 1);
  const spread = auroc * (1 - auroc);
  const n = spread > 0 && bootstrapVariance > 0 ? spread / ((bootstrapVariance * documents) / (documents - 1)) : documents;
  return n * (z / t) ** 2;
}
