/** One entry a word, in the order of the counts given. */
export interface LogOdds {
  /** Log-odds ratio δ, shrunk towards 0 by the prior. */
  delta: Float64Array;
  variance: Float64Array;
  /** δ / √variance: how many standard errors the word leans towards a. */
  z: Float64Array;
}

/**
 * Log-odds ratio of word counts with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008, eq. 15–22):
 * δ_w = ln((a_w + α_w) / (n_a + α_0 − a_w − α_w)) − ln((b_w + α_w) / (n_b + α_0 − b_w − α_w)),
 * variance 1/(a_w + α_w) + 1/(b_w + α_w).
 *
 * @param a, b counts, ≥ 0 (weighted counts are allowed)
 * @param alpha prior pseudo-counts, > 0 for every word; see `priorFromBackground`
 */
export function logOddsDirichlet(a: ArrayLike<number>, b: ArrayLike<number>, alpha: ArrayLike<number>): LogOdds {
  const totalA = sum(a) + sum(alpha);
  const totalB = sum(b) + sum(alpha);
  const n = alpha.length;
  const out: LogOdds = { delta: new Float64Array(n), variance: new Float64Array(n), z: new Float64Array(n) };
  for (let w = 0; w < n; w++) {
    const { delta, variance, z } = logOddsOfWord(a[w]! + alpha[w]!, totalA, b[w]! + alpha[w]!, totalB);
    out.delta[w] = delta;
    out.variance[w] = variance;
    out.z[w] = z;
  }
  return out;
}

/**
 * The same for one word, from smoothed counts: `a` = a_w + α_w of `totalA` = n_a + α_0, and likewise b. For callers that
 * look at a few words of a large vocabulary.
 */
export function logOddsOfWord(a: number, totalA: number, b: number, totalB: number): { delta: number; variance: number; z: number } {
  const delta = Math.log(a / (totalA - a)) - Math.log(b / (totalB - b));
  const variance = 1 / a + 1 / b;
  return { delta, variance, z: delta / Math.sqrt(variance) };
}

/** α_w = mass · background_w / Σ background: the prior says “like the corpus”, with the strength of `mass` words. */
export function priorFromBackground(background: ArrayLike<number>, mass: number): Float64Array {
  const total = sum(background);
  return Float64Array.from(background, (count) => (mass * count) / total);
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}
