/** A closed range of plausible values of an estimate. */
export interface Interval {
  low: number;
  high: number;
}
