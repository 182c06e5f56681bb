import { AppError } from '#lib/errors/app-error.ts';
import type { Rng } from '#lib/random/rng.ts';
import { clusterBootstrap } from './cluster-bootstrap.ts';
import type { Interval } from './interval.ts';
import { rocAuc } from './roc-auc.ts';
import { midRanks } from './mid-ranks.ts';
import { studentTMultiplier } from './student-t.ts';

/** Two scores of the same windows, with the document of each. */
export interface PairedExam {
  /** Truthy is positive. */
  labels: ArrayLike<number | boolean>;
  /** Given as 0 and 1 the figure compared is balanced accuracy, else AUROC. */
  first: ArrayLike<number>;
  second: ArrayLike<number>;
  documents: ArrayLike<number>;
}

export interface PairedDifference {
  /** AUROC of the first less that of the second. */
  estimate: number;
  /** Null where a class has one document. */
  interval: Interval | null;
}

/**
 * How much better one score separates the same windows than another, with an interval that knows windows of one document
 * are alike and that both were judged on the same ones: the variance of the difference over documents, by class, from what
 * each document adds to either AUROC (Obuchowski 1997), with Student's t of as many degrees of freedom as the class with
 * fewer documents leaves. Where no document differs from another there is no variance to use; the two cluster intervals
 * (`clusterBootstrap`), which do not collapse, are then joined by the square-and-add rule (Newcombe 1998, method 10, as if
 * independent).
 *
 * @returns null when a class is missing
 * @throws bad_request for a NaN score or arrays of different lengths
 */
export function pairedDifference({ labels, first, second, documents }: PairedExam, rng: Rng): PairedDifference | null {
  const [a, b] = [rocAuc(labels, first), rocAuc(labels, second)];
  if (documents.length !== labels.length)
    throw new AppError('bad_request', `Give one document for each label: there are ${labels.length} labels and ${documents.length} documents.`);
  if (a === null || b === null) return null;
  const estimate = a - b;
  const { variance, fewer } = differenceVariance(labels, first, second, documents);
  if (fewer < 2) return { estimate, interval: null };
  const half = studentTMultiplier(0.95, fewer - 1) * Math.sqrt(variance);
  const [below, above] = variance > 0 ? [half, half] : joined({ labels, first, second, documents }, rng);
  return { estimate, interval: { low: Math.max(-1, estimate - below), high: Math.min(1, estimate + above) } };
}

/** How far the difference reaches down and up where documents do not tell it. */
function joined({ labels, first, second, documents }: PairedExam, rng: Rng): [below: number, above: number] {
  const a = clusterBootstrap({ labels, scores: first, documents }, rng)!;
  const b = clusterBootstrap({ labels, scores: second, documents }, rng)!;
  return [Math.hypot(a.estimate - a.interval!.low, b.interval!.high - b.estimate), Math.hypot(a.interval!.high - a.estimate, b.estimate - b.interval!.low)];
}

function differenceVariance(
  labels: ArrayLike<number | boolean>,
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  documents: ArrayLike<number>,
): { variance: number; fewer: number } {
  let [variance, fewer] = [0, Infinity];
  for (const positive of [true, false]) {
    const [a, b] = [documentEffects(labels, first, documents, positive), documentEffects(labels, second, documents, positive)];
    const sum = [...a].reduce((total, [document, effect]) => total + (effect - b.get(document)!) ** 2, 0);
    fewer = Math.min(fewer, a.size);
    // What rounding leaves of equal effects is no variance.
    if (sum > 1e-24) variance += (a.size / (a.size - 1)) * sum;
  }
  return { variance, fewer };
}

/** What each document of a class adds to an AUROC beyond its share. */
function documentEffects(labels: ArrayLike<number | boolean>, scores: ArrayLike<number>, documents: ArrayLike<number>, positive: boolean): Map<number, number> {
  const overall = midRanks(scores);
  const own = Array.from({ length: labels.length }, (_, i) => i).filter((i) => Boolean(labels[i]) === positive);
  const others = labels.length - own.length;
  const ranks = midRanks(own.map((i) => scores[i]!));
  const placements = own.map((i, k) => ((overall[i]! - ranks[k]!) / others) * (positive ? 1 : -1));
  const mean = placements.reduce((sum, placement) => sum + placement, 0) / own.length;
  const out = new Map<number, number>();
  for (const [k, i] of own.entries()) out.set(documents[i]!, (out.get(documents[i]!) ?? 0) + (placements[k]! - mean) / own.length);
  return out;
}
