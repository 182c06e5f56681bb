/**
 * Quantile of ascending values with linear interpolation between order statistics (Hyndman and Fan's type 7):
 * h = q (n − 1), x⌊h⌋ + (h − ⌊h⌋)(x⌊h⌋₊₁ − x⌊h⌋).
 *
 * @param sorted ascending, without NaN
 * @param q in [0, 1]; outside it is cut to that range
 * @returns null for no values. `quantileSorted([1, 2, 3, 4], 0.5)` is 2.5.
 */
export function quantileSorted(sorted: ArrayLike<number>, q: number): number | null {
  if (sorted.length === 0) return null;
  const h = Math.min(1, Math.max(0, q)) * (sorted.length - 1);
  const below = Math.floor(h);
  const low = sorted[below]!;
  // The exact order statistic is returned as it is, so that an infinite neighbour cannot turn it into NaN.
  if (h === below) return low;
  const high = sorted[below + 1]!;
  const share = h - below;
  // Measured from the nearer neighbour, so that rounding cannot pass it and quantiles stay in order.
  return share < 0.5 ? low + share * (high - low) : high - (1 - share) * (high - low);
}

/** `quantileSorted` of values in any order, for one or more q; the values are copied, not changed. NaN sorts last. */
export function quantiles(values: ArrayLike<number>, qs: readonly number[]): (number | null)[] {
  const sorted = Float64Array.from(values).sort();
  return qs.map((q) => quantileSorted(sorted, q));
}

/** The median of values in any order, or null for none. */
export function median(values: ArrayLike<number>): number | null {
  return quantiles(values, [0.5])[0]!;
}

/** Median with the first and third quartile, the way the method's tables report scores over latents; null for no values. */
export function medianIqr(values: ArrayLike<number>): { median: number; q1: number; q3: number } | null {
  const [q1, middle, q3] = quantiles(values, [0.25, 0.5, 0.75]);
  return q1 == null || middle == null || q3 == null ? null : { median: middle, q1, q3 };
}

/**
 * The `parts` + 1 edges that cut the values into equally full parts, from minimum to maximum: quantiles i / parts.
 * Equal neighbours mean that one value fills a whole part. Null for no values.
 */
export function quantileEdges(values: ArrayLike<number>, parts: number): Float64Array | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  return Float64Array.from({ length: parts + 1 }, (_, i) => quantileSorted(sorted, i / parts)!);
}
