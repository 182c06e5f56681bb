import type { Interval } from './interval.ts';

/** A share with its interval. */
export interface Share {
  estimate: number;
  interval: Interval;
}

/**
 * Precision of a yes at a rate of positives other than the exam's: π = r·s / (r·s + (1 − r)·f), s the share of positives and f
 * the share of negatives that get a yes. Its interval joins those of s and f, which come from different items, by the
 * square-and-add rule on the scale of log odds, where π's are log(r/(1 − r)) + log s − log f (Zou and Donner 2008). With
 * f = 0 the precision is 1 and its lower bound that of f's upper one; with s = 0 it is 0.
 *
 * @param rate of positives where the yes is meant to be used, in (0, 1)
 * @returns null when no yes was given to anything
 */
export function precisionAtRate(sensitivity: Share, falseAlarms: Share, rate: number): Share | null {
  const at = (s: number, f: number): number => (rate * s) / (rate * s + (1 - rate) * f);
  const [s, f] = [sensitivity.estimate, falseAlarms.estimate];
  if (s === 0 && f === 0) return null;
  const estimate = at(s, f);
  if (s === 0 || f === 0) {
    const low = s === 0 ? 0 : at(s, falseAlarms.interval.high);
    const high = s === 0 ? at(sensitivity.interval.high, f) : 1;
    return { estimate, interval: { low, high } };
  }
  const down = Math.hypot(Math.log(s / sensitivity.interval.low), Math.log(falseAlarms.interval.high / f));
  const up = Math.hypot(Math.log(sensitivity.interval.high / s), Math.log(f / falseAlarms.interval.low));
  const odds = estimate / (1 - estimate);
  const share = (o: number): number => (o === Infinity ? 1 : o / (1 + o));
  return { estimate, interval: { low: share(odds * Math.exp(-down)), high: share(odds * Math.exp(up)) } };
}
