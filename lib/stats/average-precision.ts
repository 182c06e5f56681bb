import { ascendingOrder } from './mid-ranks.ts';
import { checkScores } from './roc-auc.ts';

/**
 * Average precision: Σ over distinct scores from high to low of (recallₖ − recallₖ₋₁) · precisionₖ. Equal scores are one
 * threshold and nothing is interpolated.
 *
 * @param labels truthy is positive
 * @returns in [0, 1]; 0 without positives
 * @throws bad_request for a NaN score or arrays of different lengths
 */
export function averagePrecision(labels: ArrayLike<number | boolean>, scores: ArrayLike<number>): number {
  checkScores(labels, scores);
  const order = ascendingOrder(scores).reverse();
  let found = 0;
  let sum = 0;
  for (let start = 0; start < order.length;) {
    const level = scores[order[start]!];
    let gained = 0;
    let end = start;
    for (; end < order.length && scores[order[end]!] === level; end++) if (labels[order[end]!]) gained++;
    found += gained;
    sum += gained * (found / end);
    start = end;
  }
  return found === 0 ? 0 : sum / found;
}
