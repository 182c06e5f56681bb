import type { Rng } from '#lib/random/rng.ts';

/** n, the sum of each series, then of each product of two, over one document's items, of values less their means, so that no digits are lost. */
export type Moments = Float64Array;

export interface ClusteredColumns {
  /** Series over the same items. */
  columns: readonly ArrayLike<number>[];
  /** Which products are summed: pairs of places in `columns`. */
  products: readonly (readonly [number, number])[];
  /** Any ids; items of one id were cut from one document. */
  documents: ArrayLike<number>;
  /** Documents are grouped apart for each value of this. */
  strata: ArrayLike<number | boolean>;
}

/** The moments of each document, by stratum: all that correlations of resampled documents are made from. */
export function documentMoments({ columns, products, documents, strata }: ClusteredColumns): Moments[][] {
  const means = columns.map(mean);
  const groups = new Map<number, Map<number, Moments>>();
  for (let i = 0; i < documents.length; i++) {
    const stratum = Number(strata[i]);
    const group = groups.get(stratum) ?? new Map<number, Moments>();
    groups.set(stratum, group);
    const moments = group.get(documents[i]!) ?? new Float64Array(1 + columns.length + products.length);
    group.set(documents[i]!, moments);
    const values = columns.map((column, k) => column[i]! - means[k]!);
    [1, ...values, ...products.map(([a, b]) => values[a]! * values[b]!)].forEach((value, k) => (moments[k]! += value));
  }
  return [...groups.values()].map((group) => [...group.values()]);
}

/** The summed moments of as many documents as there are, drawn with replacement in each stratum. */
export function drawMoments(groups: readonly (readonly Moments[])[], rng: Rng): Moments {
  const total = new Float64Array(groups[0]?.[0]?.length ?? 0);
  for (const group of groups) {
    for (let i = 0; i < group.length; i++) {
      const drawn = group[rng.int(group.length)]!;
      for (let k = 0; k < total.length; k++) total[k]! += drawn[k]!;
    }
  }
  return total;
}

/** Pearson's r of two series from their sums; NaN where one is constant. */
export function correlationOf(n: number, sx: number, sy: number, sxx: number, syy: number, sxy: number): number {
  const [xx, yy] = [sxx - (sx * sx) / n, syy - (sy * sy) / n];
  // What rounding leaves of a constant series is no variance.
  if (xx <= 1e-12 * sxx || yy <= 1e-12 * syy) return Number.NaN;
  return Math.max(-1, Math.min(1, (sxy - (sx * sy) / n) / Math.sqrt(xx * yy)));
}

/** Standard deviation of a sample, over its size less one. */
export function deviation(values: ArrayLike<number>): number {
  const centre = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - centre) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! / values.length;
  return sum;
}
