/**
 * KL(softmax(p) ‖ softmax(q)) in nats of two rows of logits: Σ softmax(p) (log softmax(p) − log softmax(q)), sums in
 * float64, each row shifted by its maximum so that large logits do not overflow. Rounding below 0 is cut to 0.
 *
 * @param p, q finite logits of one length; 0 for a single class; NaN when a logit is NaN
 */
export function klSoftmax(p: ArrayLike<number>, q: ArrayLike<number>): number {
  const logP = logNormaliser(p);
  const logQ = logNormaliser(q);
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    const lp = p[i]! - logP;
    sum += Math.exp(lp) * (lp - (q[i]! - logQ));
  }
  return sum < 0 ? 0 : sum;
}

/** log Σ exp(xᵢ); −∞ for no values. */
function logNormaliser(logits: ArrayLike<number>): number {
  let max = -Infinity;
  for (let i = 0; i < logits.length; i++) if (!(logits[i]! <= max)) max = logits[i]!;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - max);
  return max + Math.log(sum);
}
