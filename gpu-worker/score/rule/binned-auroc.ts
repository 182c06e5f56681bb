import { documentInterval } from '#lib/stats/cluster-bootstrap.ts';
import type { Interval } from '#lib/stats/interval.ts';
import { rocAuc } from '#lib/stats/roc-auc.ts';
import type { Rng } from '#lib/random/rng.ts';

/** Score bins of the resampled AUROC, where there are more distinct scores: it then differs from the exact one by less than 0.005. */
const MAX_BINS = 32;
const RESAMPLES = 400;

/**
 * AUROC with a 95 % interval from resampling documents within each class, for exams of very many items (the tokens of a
 * hundred windows) or very few distinct scores (yes and no). The value is exact; the interval is that of
 * `clusterBootstrap`, whose resamples here work on counts per document and score bin, so that their cost does not grow
 * with the number of items. Estimand: the chance that a random positive item scores above a random negative one, ties
 * one half, over the population of documents.
 *
 * @param labels truthy is positive
 * @param scores parallel; not NaN
 * @param documents parallel ids
 * @returns null when a class is missing; no interval when a class has one document
 */
export function binnedAuroc(
  labels: ArrayLike<number | boolean>,
  scores: ArrayLike<number>,
  documents: ArrayLike<number>,
  rng: Rng,
): { value: number; interval: Interval | null } | null {
  const value = rocAuc(labels, scores);
  if (value === null) return null;
  const { bins, count } = rankBins(scores);
  const [positives, negatives] = [true, false].map((label) => countTables(labels, label, bins, count, documents)) as [Int32Array[], Int32Array[]];
  const fewer = Math.min(positives.length, negatives.length);
  if (fewer < 2) return { value, interval: null };
  const [p, n] = [new Int32Array(count), new Int32Array(count)];
  const replicates = Float64Array.from({ length: RESAMPLES }, () => binAuroc(resample(positives, rng, p), resample(negatives, rng, n)));
  const { interval } = documentInterval(value, replicates, fewer);
  // Binning moves the replicates a little; the interval always holds the exact value.
  return { value, interval: { low: Math.min(interval.low, value), high: Math.max(interval.high, value) } };
}

/** Bin of each score: the distinct values where they are few, equal shares of the ranks where they are many. */
function rankBins(scores: ArrayLike<number>): { bins: Uint8Array; count: number } {
  const sorted = Float64Array.from(scores).sort();
  let distinct = 1;
  for (let i = 1; i < sorted.length; i++) if (sorted[i] !== sorted[i - 1]) distinct++;
  const edges: number[] = [];
  for (let i = 1; i < sorted.length && edges.length < MAX_BINS - 1; i++) {
    const due = distinct <= MAX_BINS || i >= ((edges.length + 1) * sorted.length) / MAX_BINS;
    if (due && sorted[i] !== sorted[i - 1]) edges.push(sorted[i]!);
  }
  const bins = Uint8Array.from({ length: scores.length }, (_, i) => {
    let [low, high] = [0, edges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (edges[middle]! <= scores[i]!) low = middle + 1;
      else high = middle;
    }
    return low;
  });
  return { bins, count: edges.length + 1 };
}

/** One table of counts by bin for each document that has items of the class. */
function countTables(labels: ArrayLike<number | boolean>, wanted: boolean, bins: Uint8Array, count: number, documents: ArrayLike<number>): Int32Array[] {
  const tables = new Map<number, Int32Array>();
  for (let i = 0; i < bins.length; i++) {
    if (Boolean(labels[i]) !== wanted) continue;
    const document = documents[i]!;
    const table = tables.get(document) ?? new Int32Array(count);
    tables.set(document, table);
    table[bins[i]!]!++;
  }
  return [...tables.values()];
}

/** The summed tables of as many documents, drawn with replacement, into `sum`. */
function resample(tables: readonly Int32Array[], rng: Rng, sum: Int32Array): Int32Array {
  sum.fill(0);
  for (let d = 0; d < tables.length; d++) {
    const table = tables[rng.int(tables.length)]!;
    for (let bin = 0; bin < sum.length; bin++) sum[bin]! += table[bin]!;
  }
  return sum;
}

function binAuroc(positives: Int32Array, negatives: Int32Array): number {
  let [wins, below, total] = [0, 0, 0];
  for (let bin = 0; bin < positives.length; bin++) {
    wins += positives[bin]! * (below + negatives[bin]! / 2);
    below += negatives[bin]!;
    total += positives[bin]!;
  }
  return wins / (total * below);
}
