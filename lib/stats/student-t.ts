/**
 * P(|T| ≤ t) of Student's t with whole degrees of freedom, by the finite sums of Abramowitz and Stegun 26.7.3–4.
 *
 * @param t ≥ 0
 * @param df whole, ≥ 1; the sum has df / 2 terms
 */
export function studentTCentral(t: number, df: number): number {
  const theta = Math.atan(t / Math.sqrt(df));
  const cosine = Math.cos(theta);
  const odd = df % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = df === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k < df; k += 2) {
    term *= (cosine * cosine * (k - 1)) / k;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (theta + Math.sin(theta) * sum) : Math.sin(theta) * sum;
}

/**
 * The t with P(|T| ≤ t) = level: the multiplier of a two-sided interval. `studentTMultiplier(0.95, 4)` is 2.776445105….
 *
 * @param level in (0, 1)
 * @param df whole, ≥ 1
 */
export function studentTMultiplier(level: number, df: number): number {
  // Bisection on θ = atan(t / √df), which is bounded; 60 halvings reach float64.
  let low = 0;
  let high = Math.PI / 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (studentTCentral(Math.sqrt(df) * Math.tan(middle), df) < level) low = middle;
    else high = middle;
  }
  return Math.sqrt(df) * Math.tan((low + high) / 2);
}
