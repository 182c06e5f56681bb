import { rngFor } from '#lib/random/rng.ts';
import { percentileInterval } from '#lib/stats/bootstrap.ts';
import { medianInterval } from '#lib/stats/median-interval.ts';
import { median } from '#lib/stats/quantile.ts';
import { wilson } from '#lib/stats/wilson.ts';
import type { Comparison } from './schema.ts';
import { meanOf, resampled } from './spread.ts';

type Compared = Pick<Comparison, 'kind' | 'n' | 'meanDifference' | 'medianDifference' | 'aHigher'>;

/** Two scores of the same latents: mean, by resampling latents, and median of their differences a − b. Null for no latents. */
export function comparePaired(a: readonly number[], b: readonly number[], key: readonly (string | number)[]): Compared | null {
  const differences = a.map((value, i) => value - b[i]!);
  const mean = resampled(differences.length, meanOf(differences), [...key, 'mean difference']);
  const middle = median(differences);
  const bounds = medianInterval(differences);
  if (mean === null || middle === null) return null;
  const higher = differences.reduce((sum, d) => sum + (d > 0 ? 1 : d === 0 ? 0.5 : 0), 0);
  const share = wilson(higher, differences.length);
  return {
    kind: 'paired',
    n: differences.length,
    meanDifference: mean,
    medianDifference: { value: middle, lower: bounds?.low ?? null, upper: bounds?.high ?? null },
    aHigher: { value: higher / differences.length, lower: share?.low ?? null, upper: share?.high ?? null },
  };
}

const RESAMPLES = 1000;

/** Scores of different latents: differences of their means and medians, each side resampled by itself. Null where a side is empty. */
export function compareUnpaired(a: readonly number[], b: readonly number[], key: readonly (string | number)[]): Compared | null {
  if (a.length === 0 || b.length === 0) return null;
  const rng = rngFor('report', ...key, 'unpaired');
  const draw = (values: readonly number[]): Float64Array => Float64Array.from(values, () => values[rng.int(values.length)]!);
  const mean = (values: ArrayLike<number>): number => meanOf(values)(Uint32Array.from({ length: values.length }, (_, i) => i));
  const means: number[] = [];
  const medians: number[] = [];
  for (let i = 0; i < RESAMPLES; i++) {
    const [x, y] = [draw(a), draw(b)];
    means.push(mean(x) - mean(y));
    medians.push(median(x)! - median(y)!);
  }
  const bounds = (replicates: readonly number[]): { lower: number | null; upper: number | null } => {
    const interval = a.length < 2 || b.length < 2 ? null : percentileInterval(replicates);
    return { lower: interval?.low ?? null, upper: interval?.high ?? null };
  };
  return {
    kind: 'unpaired',
    n: Math.min(a.length, b.length),
    meanDifference: { value: mean(a) - mean(b), ...bounds(means) },
    medianDifference: { value: median(a)! - median(b)!, ...bounds(medians) },
    aHigher: null,
  };
}
