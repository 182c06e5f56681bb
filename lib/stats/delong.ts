import type { Interval } from './interval.ts';
import { midRanks } from './mid-ranks.ts';
import { normalCdf, normalQuantile } from './normal.ts';
import { checkScores } from './roc-auc.ts';

/** An AUROC with DeLong, DeLong and Clarke-Pearson's (1988) variance, for independent items. */
export interface DeLong {
  auc: number;
  /** Null with fewer than two items of a class. */
  variance: number | null;
  se: number | null;
  /** auc ∓ z · se, cut to [0, 1]; collapses to a point at auc 0 and 1. */
  interval: Interval | null;
  /** The same on the logit scale; null at auc 0 and 1. */
  logitInterval: Interval | null;
}

/** Share of the other class below each item, ties one half: V10 for the positives, V01 for the negatives. */
interface Placements {
  auc: number;
  positives: Float64Array;
  negatives: Float64Array;
}

/**
 * AUROC with DeLong's interval. Items are taken as independent: windows of one document are not, see `clusterBootstrap`.
 *
 * @param labels truthy is positive
 * @returns null when a class is missing
 * @throws bad_request for a NaN score or arrays of different lengths
 */
export function delong(labels: ArrayLike<number | boolean>, scores: ArrayLike<number>, level = 0.95): DeLong | null {
  const v = placements(labels, scores);
  if (v === null) return null;
  const variance = covariance(v, v);
  if (variance === null) return { auc: v.auc, variance: null, se: null, interval: null, logitInterval: null };
  const se = Math.sqrt(variance);
  const z = normalQuantile(1 - (1 - level) / 2);
  const { auc } = v;
  return { auc, variance, se, interval: { low: Math.max(0, auc - z * se), high: Math.min(1, auc + z * se) }, logitInterval: logitInterval(auc, z * se) };
}

/**
 * Tests whether two scores of the same items separate them equally well.
 *
 * @returns null when a class has fewer than two items; z and p null when the difference has no variance
 */
export function delongPaired(
  labels: ArrayLike<number | boolean>,
  scoresA: ArrayLike<number>,
  scoresB: ArrayLike<number>,
): { difference: number; covariance: number; z: number | null; p: number | null } | null {
  const a = placements(labels, scoresA);
  const b = placements(labels, scoresB);
  if (a === null || b === null) return null;
  const varianceA = covariance(a, a);
  const varianceB = covariance(b, b);
  const both = covariance(a, b);
  if (varianceA === null || varianceB === null || both === null) return null;
  const difference = a.auc - b.auc;
  const variance = varianceA + varianceB - 2 * both;
  // Below the rounding error of the three terms the difference has no variance of its own.
  if (variance <= 1e-14 * (varianceA + varianceB)) return { difference, covariance: both, z: null, p: null };
  const z = difference / Math.sqrt(variance);
  return { difference, covariance: both, z, p: 2 * normalCdf(-Math.abs(z)) };
}

function placements(labels: ArrayLike<number | boolean>, scores: ArrayLike<number>): Placements | null {
  checkScores(labels, scores);
  const of = (positive: boolean): number[] => Array.from({ length: labels.length }, (_, i) => i).filter((i) => Boolean(labels[i]) === positive);
  const positives = of(true);
  const negatives = of(false);
  if (positives.length === 0 || negatives.length === 0) return null;
  const overall = midRanks(scores);
  const share = (items: number[], otherSize: number): Float64Array => {
    const own = midRanks(items.map((i) => scores[i]!));
    return Float64Array.from(items, (item, k) => (overall[item]! - own[k]!) / otherSize);
  };
  const v10 = share(positives, negatives.length);
  const v01 = share(negatives, positives.length).map((below) => 1 - below);
  return { auc: mean(v10), positives: v10, negatives: v01 };
}

function covariance(a: Placements, b: Placements): number | null {
  const p = sampleCovariance(a.positives, b.positives);
  const n = sampleCovariance(a.negatives, b.negatives);
  return p === null || n === null ? null : p / a.positives.length + n / a.negatives.length;
}

function sampleCovariance(x: Float64Array, y: Float64Array): number | null {
  if (x.length < 2) return null;
  const meanX = mean(x);
  const meanY = mean(y);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i]! - meanX) * (y[i]! - meanY);
  return sum / (x.length - 1);
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function logitInterval(auc: number, halfWidth: number): Interval | null {
  if (auc <= 0 || auc >= 1) return null;
  const centre = Math.log(auc / (1 - auc));
  const half = halfWidth / (auc * (1 - auc));
  return { low: 1 / (1 + Math.exp(half - centre)), high: 1 / (1 + Math.exp(-half - centre)) };
}
