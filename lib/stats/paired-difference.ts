import type { Rng } from '#lib/random/rng.ts';
import { clusterBootstrap } from './cluster-bootstrap.ts';
import type { Interval } from './interval.ts';
import { midRanks } from './mid-ranks.ts';

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
 * are alike and that both were judged on the same ones: the two cluster intervals (`clusterBootstrap`), which do not
 * collapse near 1, joined by the square-and-add rule with the correlation of the two AUROCs over documents (Zou and
 * Donner 2008; Newcombe 1998, method 10; the correlation after Obuchowski 1997).
 *
 * @returns null when a class is missing
 * @throws bad_request for a NaN score or arrays of different lengths
 */
export function pairedDifference({ labels, first, second, documents }: PairedExam, rng: Rng): PairedDifference | null {
  const a = clusterBootstrap({ labels, scores: first, documents }, rng);
  const b = clusterBootstrap({ labels, scores: second, documents }, rng);
  if (a === null || b === null) return null;
  const estimate = a.estimate - b.estimate;
  if (a.interval === null || b.interval === null) return { estimate, interval: null };
  const r = correlation(labels, first, second, documents);
  const join = (one: number, other: number): number => Math.sqrt(Math.max(0, one * one - 2 * r * one * other + other * other));
  return {
    estimate,
    interval: {
      low: Math.max(-1, estimate - join(a.estimate - a.interval.low, b.interval.high - b.estimate)),
      high: Math.min(1, estimate + join(a.interval.high - a.estimate, b.estimate - b.interval.low)),
    },
  };
}

/** Correlation of two AUROCs over resampled documents, from the sums of placements by document; 0 where one does not vary. */
function correlation(labels: ArrayLike<number | boolean>, first: ArrayLike<number>, second: ArrayLike<number>, documents: ArrayLike<number>): number {
  const [a, b] = [documentEffects(labels, first, documents), documentEffects(labels, second, documents)];
  let [ab, aa, bb] = [0, 0, 0];
  for (const [key, x] of a) {
    const y = b.get(key)!;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa > 0 && bb > 0 ? Math.min(1, Math.max(-1, ab / Math.sqrt(aa * bb))) : 0;
}

/** What each document adds to an AUROC beyond its share, by class. */
function documentEffects(labels: ArrayLike<number | boolean>, scores: ArrayLike<number>, documents: ArrayLike<number>): Map<string, number> {
  const overall = midRanks(scores);
  const out = new Map<string, number>();
  const items = Array.from({ length: labels.length }, (_, i) => i);
  for (const positive of [true, false]) {
    const own = items.filter((i) => Boolean(labels[i]) === positive);
    const others = items.length - own.length;
    const ranks = midRanks(own.map((i) => scores[i]!));
    const placements = own.map((i, k) => ((overall[i]! - ranks[k]!) / others) * (positive ? 1 : -1));
    const mean = placements.reduce((sum, placement) => sum + placement, 0) / own.length;
    for (const [k, i] of own.entries()) {
      const key = `${positive} ${documents[i]}`;
      out.set(key, (out.get(key) ?? 0) + (placements[k]! - mean) / own.length);
    }
  }
  return out;
}
