import { medianInterval } from '#lib/stats/median-interval.ts';
import { median, medianIqr } from '#lib/stats/quantile.ts';
import type { PrecisionFigures, PrecisionLine, PrecisionScorer } from './precision.ts';

/** The measurement of one latent that stands for it. */
export interface MeasuredPrecision extends PrecisionFigures {
  method: string;
  scorer: PrecisionScorer;
}

/**
 * Measurements over latents, a line for each method and judge, in the order in which each first comes. Latents weigh alike;
 * one without a precision is counted and is in no median.
 */
export function precisionLines(measured: readonly MeasuredPrecision[]): PrecisionLine[] {
  const groups = new Map<string, MeasuredPrecision[]>();
  for (const one of measured) {
    const key = JSON.stringify([one.method, one.scorer]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const total = (of: readonly number[]): number => of.reduce((sum, n) => sum + n, 0);
  return [...groups.values()].map((group) => {
    const values = group.flatMap(({ precision }) => (precision === null ? [] : [precision.value]));
    return {
      method: group[0]!.method,
      scorer: group[0]!.scorer,
      latents: group.length,
      withValue: values.length,
      precision: spread(values),
      firing: spread(group.flatMap(({ firing }) => (firing === null ? [] : [firing.value]))),
      medianRate: median(group.map(({ rate }) => rate))!,
      nFiring: total(group.map(({ nFiring }) => nFiring)),
      nSilent: total(group.map(({ nSilent }) => nSilent)),
      nFailed: total(group.map(({ nFailed }) => nFailed)),
    };
  });
}

function spread(values: readonly number[]): PrecisionLine['precision'] {
  const [middle, bounds] = [medianIqr(values), medianInterval(values)];
  return middle === null || bounds === null ? null : { ...middle, lower: bounds.low, upper: bounds.high };
}
