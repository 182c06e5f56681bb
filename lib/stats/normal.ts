/**
 * Complementary error function, relative error below 1e-14 (1e-13 past x = 10, where rounding of x² shows).
 * The all-positive series of erf near 0, where nothing cancels, and Laplace's continued fraction beyond it.
 */
export function erfc(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (x < 0) return 2 - erfc(-x);
  if (x > 27.3) return 0;
  const gauss = Math.exp(-x * x);
  if (x < 1.5) {
    // erf(x) = 2/√π e^(−x²) Σ 2ⁿ x^(2n+1) / (2n+1)!!
    let term = x;
    let sum = x;
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * gauss * sum;
  }
  // x + (1/2)/(x + (2/2)/(x + (3/2)/(x + …))) from the inside; at x = 1.5, 160 levels reach rounding error.
  let tail = x;
  for (let n = 160; n >= 1; n--) tail = x + n / 2 / tail;
  return gauss / (Math.sqrt(Math.PI) * tail);
}

/** P(Z ≤ x) of the standard normal. */
export function normalCdf(x: number): number {
  return 0.5 * erfc(-x / Math.SQRT2);
}

/**
 * The x with P(Z ≤ x) = p; −∞ at 0, ∞ at 1, NaN outside [0, 1]. `normalQuantile(0.975)` is 1.959963984540054.
 * Starts from Abramowitz and Stegun 26.2.23 (error 4.5e-4) and takes three Halley steps, each cubing the error.
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return NaN;
  if (p === 0) return -Infinity;
  if (p === 1) return Infinity;
  // Only the lower half is solved: there the cdf keeps its relative precision. 1 − p is exact for p in [0.5, 1].
  if (p > 0.5) return -normalQuantile(1 - p);
  const t = Math.sqrt(-2 * Math.log(p));
  let x = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
  for (let i = 0; i < 3; i++) {
    const error = (normalCdf(x) - p) * Math.sqrt(2 * Math.PI) * Math.exp((x * x) / 2);
    if (!Number.isFinite(error)) break;
    x -= error / (1 + (x * error) / 2);
  }
  return p === 0.5 ? 0 : x;
}
