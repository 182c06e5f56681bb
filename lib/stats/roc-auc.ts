import { AppError } from '#lib/errors/app-error.ts';
import { ascendingOrder } from './mid-ranks.ts';

/**
 * Area under the ROC curve: the chance that a positive scores above a negative, ties counting one half; constant
 * scores give 0.5. With weights, each pair counts the product of its two weights.
 *
 * @param labels truthy is positive
 * @param scores any finite or infinite number, higher is more positive
 * @param weights ≥ 0, one per item; all 1 when left out
 * @returns in [0, 1], or null when a class is missing or weighs nothing
 * @throws bad_request for a NaN score or arrays of different lengths
 */
export function rocAuc(labels: ArrayLike<number | boolean>, scores: ArrayLike<number>, weights?: ArrayLike<number>): number | null {
  checkScores(labels, scores);
  if (weights === undefined) return unweighted(labels, scores);
  const order = ascendingOrder(scores);
  let negativesBelow = 0;
  let positives = 0;
  let pairs = 0;
  for (let start = 0; start < order.length;) {
    const level = scores[order[start]!];
    let tiedPositives = 0;
    let tiedNegatives = 0;
    let end = start;
    for (; end < order.length && scores[order[end]!] === level; end++) {
      const item = order[end]!;
      const weight = weights[item]!;
      if (labels[item]) tiedPositives += weight;
      else tiedNegatives += weight;
    }
    pairs += tiedPositives * (negativesBelow + tiedNegatives / 2);
    positives += tiedPositives;
    negativesBelow += tiedNegatives;
    start = end;
  }
  // One division: with whole weights equal data give bit-equal values.
  return positives > 0 && negativesBelow > 0 ? pairs / (positives * negativesBelow) : null;
}

/** Each class sorted by itself, without a comparison function, and merged: an exam's tokens are thousands. */
function unweighted(labels: ArrayLike<number | boolean>, scores: ArrayLike<number>): number | null {
  let count = 0;
  for (let i = 0; i < labels.length; i++) count += labels[i] ? 1 : 0;
  const positives = new Float64Array(count);
  const negatives = new Float64Array(labels.length - count);
  if (positives.length === 0 || negatives.length === 0) return null;
  let [p, n] = [0, 0];
  for (let i = 0; i < labels.length; i++) {
    if (labels[i]) positives[p++] = scores[i]!;
    else negatives[n++] = scores[i]!;
  }
  positives.sort();
  negatives.sort();
  let [below, upTo, pairs] = [0, 0, 0];
  for (const score of positives) {
    while (below < negatives.length && negatives[below]! < score) below++;
    upTo = Math.max(upTo, below);
    while (upTo < negatives.length && negatives[upTo]! <= score) upTo++;
    pairs += (below + upTo) / 2;
  }
  return pairs / (positives.length * negatives.length);
}

/** The check that every score-based statistic makes: equal lengths, no NaN. Throws bad_request. */
export function checkScores(labels: ArrayLike<number | boolean>, scores: ArrayLike<number>): void {
  if (labels.length !== scores.length) {
    throw new AppError('bad_request', `Give one score for each label: there are ${labels.length} labels and ${scores.length} scores.`);
  }
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(scores[i])) throw new AppError('bad_request', `Score ${i} is not a number; leave failed items out before scoring.`);
  }
}
