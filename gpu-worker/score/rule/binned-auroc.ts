import { percentileInterval } from '#lib/stats/bootstrap.ts';
import type { Interval } from '#lib/stats/interval.ts';
import { rocAuc } from '#lib/stats/roc-auc.ts';
import type { Rng } from '#lib/random/rng.ts';

/** Score bins of the resampled AUROC: with 64 rank bins it differs from the exact one by less than 0.002. */
const BINS = 64;
const RESAMPLES = 400;

/**
 * AUROC over very many items (the tokens of an exam) with a 95 % percentile interval from resampling documents within
 * each class. The value is exact. The resamples work on counts per document and score bin, so that their cost does not
 * grow with the number of tokens. Estimand: the chance that the rule scores a random firing token above a random
 * silent one, over the population of documents.
 *
 * @param labels firing or not, one an item
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
  const bins = rankBins(scores);
  const [positives, negatives] = [countTables(labels, true, bins, documents), countTables(labels, false, bins, documents)];
  if (positives.length < 2 || negatives.length < 2) return { value, interval: null };
  const replicates = Float64Array.from({ length: RESAMPLES }, () => binAuroc(resampled(positives, rng), resampled(negatives, rng)));
  const interval = percentileInterval(replicates);
  return { value, interval: interval && { low: Math.min(interval.low, value), high: Math.max(interval.high, value) } };
}

/** Bin of each score: distinct values where there are few, equal shares of the ranks where there are many. */
function rankBins(scores: ArrayLike<number>): Uint8Array {
  const sorted = Float64Array.from(scores).sort();
  let distinct = 1;
  for (let i = 1; i < sorted.length; i++) if (sorted[i] !== sorted[i - 1]) distinct++;
  const edges: number[] = [];
  for (let i = 1; i < sorted.length; i++) {
    const due = distinct <= BINS || i >= ((edges.length + 1) * sorted.length) / BINS;
    if (due && sorted[i] !== sorted[i - 1] && edges.length < BINS - 1) edges.push(sorted[i] as number);
  }
  return Uint8Array.from({ length: scores.length }, (_, i) => {
    let [low, high] = [0, edges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((edges[middle] as number) <= (scores[i] as number)) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

function countTables(labels: ArrayLike<number | boolean>, wanted: boolean, bins: Uint8Array, documents: ArrayLike<number>): Int32Array[] {
  const tables = new Map<number, Int32Array>();
  for (let i = 0; i < bins.length; i++) {
    if (Boolean(labels[i]) !== wanted) continue;
    const document = documents[i] as number;
    const table = tables.get(document) ?? new Int32Array(BINS);
    tables.set(document, table);
    table[bins[i] as number] = (table[bins[i] as number] as number) + 1;
  }
  return [...tables.values()];
}

function resampled(tables: readonly Int32Array[], rng: Rng): Int32Array {
  const sum = new Int32Array(BINS);
  for (let d = 0; d < tables.length; d++) {
    const table = tables[rng.int(tables.length)] as Int32Array;
    for (let bin = 0; bin < BINS; bin++) sum[bin] = (sum[bin] as number) + (table[bin] as number);
  }
  return sum;
}

function binAuroc(positives: Int32Array, negatives: Int32Array): number {
  let [wins, below, total] = [0, 0, 0];
  for (let bin = 0; bin < BINS; bin++) {
    const [p, n] = [positives[bin] as number, negatives[bin] as number];
    wins += p * (below + n / 2);
    below += n;
    total += p;
  }
  return wins / (total * below);
}
