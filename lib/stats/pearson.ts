import { AppError } from '#lib/errors/app-error.ts';

/**
 * Pearson's r of two equally long series, two-pass (means first), sums in float64.
 *
 * @returns in [−1, 1], or null when there are fewer than two pairs or a side is constant; NaN input gives NaN
 * @throws bad_request for series of different lengths
 */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  const n = x.length;
  if (n !== y.length) throw new AppError('bad_request', `Give two series of one length: they have ${n} and ${y.length} values.`);
  if (n < 2) return null;
  let meanX = 0;
  let meanY = 0;
  for (let i = 0; i < n; i++) {
    meanX += x[i]!;
    meanY += y[i]!;
  }
  meanX /= n;
  meanY /= n;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  let constantX = true;
  let constantY = true;
  for (let i = 0; i < n; i++) {
    const dx = x[i]! - meanX;
    const dy = y[i]! - meanY;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
    // Asked of the values: the mean of n equal floats may differ from them in the last bit.
    constantX &&= x[i] === x[0];
    constantY &&= y[i] === y[0];
  }
  if (constantX || constantY) return null;
  const r = xy / (Math.sqrt(xx) * Math.sqrt(yy));
  return r > 1 ? 1 : r < -1 ? -1 : r;
}
