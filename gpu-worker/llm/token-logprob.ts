import type { Tokenizer } from '#gpu-worker/model/tokenizer.ts';
import type { TokenLogprob } from './chat-client.ts';

/**
 * A token with its log-probability and the likeliest ones at its place, in nats.
 *
 * @param logits [vocabulary] what the model would have written; null where the token stood there in any case
 * @param top how many of the likeliest are told
 * @param allowed the tokens among which it was chosen; all of them when left out
 */
export function tokenLogprob(tokenizer: Tokenizer, token: number, logits: Float32Array | null, top: number, allowed?: readonly number[]): TokenLogprob {
  const text = (id: number): string => tokenizer.decode([id]);
  if (logits === null) return { token: text(token), logprob: 0, top: top > 0 ? [{ token: text(token), logprob: 0 }] : [] };
  let largest = -Infinity;
  for (const id of allowed ?? logits.keys()) largest = Math.max(largest, logits[id]!);
  let sum = 0;
  /** Likeliest first. */
  const best: number[] = [];
  for (const id of allowed ?? logits.keys()) {
    sum += Math.exp(logits[id]! - largest);
    if (best.length < top || logits[id]! > logits[best.at(-1)!]!) {
      if (best.length === top) best.pop();
      const place = best.findIndex((other) => logits[other]! < logits[id]!);
      best.splice(place < 0 ? best.length : place, 0, id);
    }
  }
  const logprob = (id: number): number => logits[id]! - largest - Math.log(sum);
  return { token: text(token), logprob: logprob(token), top: best.map((id) => ({ token: text(id), logprob: logprob(id) })) };
}
