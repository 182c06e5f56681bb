import { AppError } from '#lib/errors/app-error.ts';

/** Counts of a yes/no classifier and the rates that follow from them. */
export interface Classification {
  tp: number;
  fp: number;
  tn: number;
  fn: number;
  accuracy: number;
  /** Mean recall of the classes that occur. */
  balancedAccuracy: number;
  precision: number;
  recall: number;
  specificity: number;
  f1: number;
  /** Matthews correlation coefficient, in [−1, 1]. */
  mcc: number;
}

/**
 * The confusion table of labels and predictions (truthy is positive) and its rates. A rate whose denominator is 0 is 0,
 * except balanced accuracy, which is the mean over the classes that occur in the labels.
 *
 * @throws bad_request for arrays of different lengths
 */
export function classification(labels: ArrayLike<number | boolean>, predictions: ArrayLike<number | boolean>): Classification {
  if (labels.length !== predictions.length) {
    throw new AppError('bad_request', `Give one prediction for each label: there are ${labels.length} labels and ${predictions.length} predictions.`);
  }
  let tp = 0;
  let fp = 0;
  let tn = 0;
  let fn = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i]) predictions[i] ? tp++ : fn++;
    else predictions[i] ? fp++ : tn++;
  }
  return rates(tp, fp, tn, fn);
}

/** Balanced accuracy of labels and predictions: ½ (TP/P + TN/N), or the one recall there is. Null for no items. */
export function balancedAccuracy(labels: ArrayLike<number | boolean>, predictions: ArrayLike<number | boolean>): number | null {
  return labels.length === 0 ? null : classification(labels, predictions).balancedAccuracy;
}

function rates(tp: number, fp: number, tn: number, fn: number): Classification {
  const recall = ratio(tp, tp + fn);
  const specificity = ratio(tn, tn + fp);
  const classes = Number(tp + fn > 0) + Number(tn + fp > 0);
  return {
    tp,
    fp,
    tn,
    fn,
    accuracy: ratio(tp + tn, tp + fp + tn + fn),
    // The recall of an absent class is 0 by the rule above, so the sum needs no case.
    balancedAccuracy: ratio(recall + specificity, classes),
    precision: ratio(tp, tp + fp),
    recall,
    specificity,
    f1: ratio(2 * tp, 2 * tp + fp + fn),
    // Square roots apart: the product of four counts overflows 2^53 at 10^4 items each.
    mcc: ratio(tp * tn - fp * fn, Math.sqrt((tp + fp) * (tp + fn)) * Math.sqrt((tn + fp) * (tn + fn))),
  };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
