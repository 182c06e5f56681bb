/**
 * Mutual information, in bits a token, of whether a latent is active and the position in the row: Σ p(a, x) log₂(p(a, x) /
 * (p(a) p(x))) over the tokens whose activations are stored (the positional test of method.md §6), less what it would be
 * by chance alone: (positions − 1) / (2 n ln 2), n the tokens (Miller 1955), without which a latent of few activations
 * looks positional.
 *
 * @param active activations at each position [rowLength], at most `tokens` there
 * @param tokens stored tokens at each position [rowLength]
 * @returns 0 for no tokens, and for a latent that is active nowhere or everywhere
 */
export function informationAboutPosition(active: Float64Array, tokens: Float64Array): number {
  let [n, n1] = [0, 0];
  for (let x = 0; x < tokens.length; x++) {
    n += tokens[x]!;
    n1 += active[x]!;
  }
  if (n === 0) return 0;
  let sum = 0;
  for (let x = 0; x < tokens.length; x++) {
    for (const [joint, margin] of [[active[x]!, n1], [tokens[x]! - active[x]!, n - n1]] as const) {
      if (joint > 0) sum += (joint / n) * Math.log2((joint * n) / (margin * tokens[x]!));
    }
  } // prettier-ignore
  const positions = tokens.reduce((count, stored) => count + (stored > 0 ? 1 : 0), 0);
  return Math.max(0, sum - (positions - 1) / (2 * n * Math.LN2));
}
