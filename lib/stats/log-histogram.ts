/** Counts of positive values in bins of equal ratio. */
export interface LogHistogram {
  /** bins + 1 edges, ascending; a bin holds [edge, next edge), the last one its upper edge too. */
  edges: Float64Array;
  counts: Uint32Array;
  /** Values under the first edge (0 and negatives are). */
  below: number;
  /** Values over the last edge. */
  above: number;
}

/** bins + 1 edges from `low` to `high`, each the same multiple of the one before; 0 < low < high. */
export function logEdges(low: number, high: number, bins: number): Float64Array {
  const step = Math.log(high / low) / bins;
  const edges = Float64Array.from({ length: bins + 1 }, (_, i) => low * Math.exp(i * step));
  edges[bins] = high;
  return edges;
}

/** The bin of a value among ascending edges: −1 below the first, edges.length − 1 above the last. NaN is below. */
export function binOf(edges: Float64Array, value: number): number {
  const bins = edges.length - 1;
  if (!(value >= edges[0]!)) return -1;
  if (value > edges[bins]!) return bins;
  let low = 0;
  let high = bins;
  // Searched, not computed by a logarithm: a value equal to an edge must not fall to the wrong side by rounding.
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (value >= edges[middle]!) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Histogram of positive values over equal ratios between `low` and `high`, for quantities such as activations that span
 * decades. Nothing is dropped: what lies outside is counted in `below` and `above`.
 */
export function logHistogram(values: ArrayLike<number>, low: number, high: number, bins: number): LogHistogram {
  const edges = logEdges(low, high, bins);
  const out: LogHistogram = { edges, counts: new Uint32Array(bins), below: 0, above: 0 };
  for (let i = 0; i < values.length; i++) {
    const bin = binOf(edges, values[i]!);
    if (bin < 0) out.below++;
    else if (bin === bins) out.above++;
    else out.counts[bin]!++;
  }
  return out;
}
