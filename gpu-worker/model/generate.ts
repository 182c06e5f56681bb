import { AppError } from '#lib/errors/app-error.ts';
import { rngFor } from '#lib/random/rng.ts';
import { repeatCache, type CachedDecoder } from './cached-decoder.ts';
import type { Intervention } from './intervention.ts';
import { logProbability, sampleToken, type SamplingOptions } from './sampling.ts';

export interface GenerateOptions extends Partial<SamplingOptions> {
  maxTokens: number;
  /** Decides the draws; row i draws on its own, so the batch changes nothing. */
  seed?: number;
  /** Tokens that end a row; the checkpoint's own when left out. The ending token is not part of the result. */
  stopIds?: readonly number[];
  interventions?: readonly Intervention[];
  signal?: AbortSignal;
  /** Called with each new token. */
  onToken?(row: number, token: number): void;
}

/**
 * Continues several prompts at once, greedily unless a temperature is given. Result: the new tokens of each prompt,
 * fewer than `maxTokens` where a row ended. Throws AppError 'bad_request' for an empty prompt, 'cancelled' when the
 * signal aborts.
 */
export async function generate(decoder: CachedDecoder, prompts: readonly Int32Array[], options: GenerateOptions): Promise<Int32Array[]> {
  const { maxTokens, temperature = 0, topP = 1, seed = 0, interventions = [] } = options;
  const { checkpoint } = decoder;
  const stops = new Set(options.stopIds ?? checkpoint.eosTokenIds);
  if (prompts.length === 0) return [];
  if (prompts.some((prompt) => prompt.length === 0)) throw new AppError('bad_request', 'A prompt needs at least one token.', { field: 'prompt' });
  const rows = prompts.length;
  const longest = Math.max(...prompts.map((prompt) => prompt.length));
  const room = checkpoint.spec.embedding.positions === undefined ? Infinity : checkpoint.contextLength - longest;
  const ids = new Int32Array(rows * longest);
  prompts.forEach((prompt, row) => ids.set(prompt, (row + 1) * longest - prompt.length));
  checkIds(ids, checkpoint.vocabSize);
  const rngs = prompts.map((_, row) => rngFor(seed, 'generate', row));
  const out: number[][] = prompts.map(() => []);
  const ended = prompts.map(() => false);
  const step = Math.min(maxTokens, room + 1);
  if (step < 1) return out.map((tokens) => Int32Array.from(tokens));
  let state = await decoder.forward(
    decoder.start(Int32Array.from(prompts, (prompt) => longest - prompt.length)),
    ids,
    prompts.map((_, row) => (row + 1) * longest - 1),
    interventions,
  );
  for (let i = 0; ; i++) {
    const next = new Int32Array(rows);
    for (let row = 0; row < rows; row++) {
      if (ended[row]) continue;
      const { logits } = state;
      const token = sampleToken(logits.subarray(row * checkpoint.vocabSize, (row + 1) * checkpoint.vocabSize), { temperature, topP }, rngs[row]!);
      if (stops.has(token)) {
        ended[row] = true;
      } else {
        next[row] = token;
        out[row]!.push(token);
        options.onToken?.(row, token);
      }
    }
    if (i + 1 >= step || ended.every(Boolean)) break;
    if (options.signal?.aborted) throw new AppError('cancelled', 'Generation was cancelled.');
    state = await decoder.forward(state.cache, next, [...next.keys()], interventions);
  }
  return out.map((tokens) => Int32Array.from(tokens));
}

/**
 * Log-probabilities (nats) of each token of several continuations of one prefix, which is read once. Result: for each
 * continuation one number a token. Throws AppError 'bad_request' for an empty prefix.
 */
export async function continuationLogProbabilities(
  decoder: CachedDecoder,
  prefix: Int32Array,
  continuations: readonly Int32Array[],
  options: { interventions?: readonly Intervention[] } = {},
): Promise<Float64Array[]> {
  const { checkpoint } = decoder;
  if (prefix.length === 0) throw new AppError('bad_request', 'A prefix needs at least one token.', { field: 'prefix' });
  for (const ids of [prefix, ...continuations]) checkIds(ids, checkpoint.vocabSize);
  const first = await decoder.forward(decoder.start(Int32Array.of(0)), prefix, [prefix.length - 1], options.interventions);
  const out = continuations.map((tokens) => new Float64Array(tokens.length));
  continuations.forEach((tokens, row) => {
    if (tokens.length > 0) out[row]![0] = logProbability(first.logits, tokens[0]!);
  });
  const length = Math.max(0, ...continuations.map((tokens) => tokens.length - 1));
  if (length === 0) return out;
  // Shorter ones are filled up at the end, where causal attention keeps it from mattering.
  const ids = new Int32Array(continuations.length * length);
  const at: number[] = [];
  continuations.forEach((tokens, row) => {
    ids.set(tokens.subarray(0, Math.max(0, tokens.length - 1)), row * length);
    for (let i = 0; i + 1 < tokens.length; i++) at.push(row * length + i);
  });
  const { logits } = await decoder.forward(repeatCache(first.cache, continuations.length), ids, at, options.interventions);
  at.forEach((place, read) => {
    const row = Math.floor(place / length);
    const i = (place % length) + 1;
    out[row]![i] = logProbability(logits.subarray(read * checkpoint.vocabSize, (read + 1) * checkpoint.vocabSize), continuations[row]![i]!);
  });
  return out;
}

function checkIds(ids: Int32Array, vocabSize: number): void {
  for (const id of ids) if (id < 0 || id >= vocabSize) throw new AppError('bad_request', `Token id ${id} is outside the model's vocabulary of ${vocabSize}.`);
}
