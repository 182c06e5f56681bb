import type { ClusteredExam } from './cluster-bootstrap.ts';
import type { Interval } from './interval.ts';
import { studentTMultiplier } from './student-t.ts';
import { wilsonAt } from './wilson.ts';

/** Windows seldom vary less than independent ones; a much smaller variance is luck. A floor of 1 would widen every tenth interval for nothing. */
const LEAST_EFFECT = 0.8;
/** Correlation within documents that is reckoned with where nothing went wrong, so that none can be measured. */
const UNSEEN_CORRELATION = 0.2;

/**
 * An interval for balanced accuracy that respects documents: Wilson's for a proportion of n items, where
 * n = 4 / (1/P + 1/N) / deff, and the design effect deff ≥ .8 is how many times the documents' linearised variance
 * (Cochran 1977, §2.11; both classes together) exceeds that of independent windows (Korn and Graubard 1998). Wilson's z is
 * t of D − 1 degrees of freedom, D the documents of the class with fewer. Where no prediction is wrong, or all of a class
 * are, there is nothing to measure deff by, and it is that of a correlation of .2.
 *
 * In simulation (50 + 50 windows; 6, 12 and 30 documents a class and those of planted exams; correlation within them .1
 * and .3; accuracy .5, .9 and .98) it covered 92.9–97.6 %, on planted exams 95.6–96.4, where percentiles of resamples
 * joined with Wilson's interval covered up to 99.5.
 *
 * @param scores 0 and 1 alone
 * @returns null when a class has fewer than two documents
 */
export function clusterAccuracy({ labels, scores, documents }: ClusteredExam, level = 0.95): Interval | null {
  const [positives, negatives] = [true, false].map((side) => classOf({ labels, scores, documents }, side)) as [ClassFigures, ClassFigures];
  const fewer = Math.min(positives.documents, negatives.documents);
  if (fewer < 2) return null;
  const estimate = (positives.right + negatives.right) / 2;
  const independent = positives.independent + negatives.independent;
  const repeated = (positives.repeated + negatives.repeated) / 2;
  const effect = independent > 0 ? Math.max(LEAST_EFFECT, (positives.variance + negatives.variance) / independent) : 1 + (repeated - 1) * UNSEEN_CORRELATION;
  const n = 4 / (1 / positives.count + 1 / negatives.count) / effect;
  return wilsonAt(estimate * n, n, studentTMultiplier(level, fewer - 1));
}

interface ClassFigures {
  /** Share judged rightly. */
  right: number;
  count: number;
  documents: number;
  /** Of `right`: from how documents differ, and what it would be were each window a document. */
  variance: number;
  independent: number;
  /** Windows of its document that a window is met with on average, itself counted. */
  repeated: number;
}

function classOf({ labels, scores, documents }: ClusteredExam, side: boolean): ClassFigures {
  const cells = new Map<number, { right: number; count: number }>();
  let [right, count] = [0, 0];
  for (let i = 0; i < labels.length; i++) {
    if (Boolean(labels[i]) !== side) continue;
    const cell = cells.get(documents[i]!) ?? { right: 0, count: 0 };
    cells.set(documents[i]!, cell);
    const isRight = Number(scores[i] === Number(side));
    cell.right += isRight;
    cell.count++;
    right += isRight;
    count++;
  }
  const share = right / count;
  let [squares, sizes] = [0, 0];
  for (const cell of cells.values()) {
    squares += (cell.right - share * cell.count) ** 2;
    sizes += cell.count ** 2;
  }
  return {
    right: share,
    count,
    documents: cells.size,
    variance: ((cells.size / (cells.size - 1)) * squares) / count ** 2,
    independent: (share * (1 - share)) / count,
    repeated: sizes / count,
  };
}
