import type { TokenLogprob } from '#gpu-worker/llm/chat-client.ts';

/**
 * The probability of a 1 for each verdict of an answer `{"verdicts": [1, 0]}`, from the log-probabilities of its tokens:
 * P(1) / (P(0) + P(1)) over the alternatives at the place of each digit (method.md §5.1, without its loss of answers that
 * cannot be aligned: those keep their verdicts and have no probabilities).
 *
 * @param tokens the answer's, in order
 * @param verdicts what the answer was read as
 * @returns one a verdict, in [0, 1]; null when the endpoint cut the answer so that a digit cannot be told apart
 */
export function verdictProbabilities(tokens: readonly TokenLogprob[], verdicts: readonly (0 | 1)[]): number[] | null {
  const text = tokens.map(({ token }) => token).join('');
  const key = text.lastIndexOf('"verdicts"');
  const from = key < 0 ? -1 : text.indexOf('[', key);
  if (from < 0) return null;
  const until = text.indexOf(']', from);
  const out: number[] = [];
  let at = 0;
  for (const { token, logprob, top } of tokens) {
    const begins = at;
    at += token.length;
    if (at <= from || (until >= 0 && begins >= until)) continue;
    const inside = token.slice(Math.max(0, from - begins), until < 0 ? undefined : Math.max(0, until - begins));
    const digits = inside.match(/\d/g) ?? [];
    if (digits.length === 0) continue;
    const verdict = verdicts[out.length];
    if (digits.length > 1 || verdict === undefined || digits[0] !== String(verdict)) return null;
    const [zero, one] = [mass(top, '0'), mass(top, '1')];
    // An endpoint that lists no alternatives still says how sure it was of its own.
    const [p0, p1] = zero + one > 0 ? [zero, one] : verdict === 1 ? [1 - Math.exp(logprob), Math.exp(logprob)] : [Math.exp(logprob), 1 - Math.exp(logprob)];
    out.push(p1 / (p0 + p1));
  }
  return out.length === verdicts.length ? out : null;
}

/** Probability of the alternatives whose one digit is this. */
function mass(top: TokenLogprob['top'], digit: '0' | '1'): number {
  return top.reduce((sum, { token, logprob }) => (token.replace(/\D/g, '') === digit ? sum + Math.exp(logprob) : sum), 0);
}
