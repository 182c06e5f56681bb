import { AppError } from '#lib/errors/app-error.ts';
import { rngFor } from '#lib/random/rng.ts';
import { truncateCache, type Cache, type CachedDecoder } from './cached-decoder.ts';
import { sampleToken, type SamplingOptions } from './sampling.ts';

/** Tokens read at once: a run holds up the event loop, which has leases to renew; 256 keep the cores busy as well as 2,048. */
const CHUNK_TOKENS = 256;

export interface ContinueOptions extends SamplingOptions {
  maxTokens: number;
  seed: number;
  stopIds: readonly number[];
  signal?: AbortSignal;
}

export interface Continuation {
  tokens: number[];
  /** Whether a stop token ended it, or the room or `maxTokens`. */
  ended: 'stop' | 'length';
  /** Tokens of the prompt that were read before, with an earlier prompt. */
  reused: number;
}

/** Continues one prompt after another, reading what a prompt shares with the one before it only once. */
export interface PrefixDecoder {
  /** One call at a time. Throws AppError 'bad_request' for a prompt that fills the model's context, 'cancelled'. */
  continue(prompt: Int32Array, options: ContinueOptions): Promise<Continuation>;
}

/**
 * Prompts of one kind (the same instructions and worked examples, another latent) share most of their tokens; their
 * keys and values are kept from prompt to prompt. The result is that of reading each prompt afresh, up to the rounding
 * of sums taken in another order.
 */
export function createPrefixDecoder(decoder: CachedDecoder): PrefixDecoder {
  const { contextLength, spec, vocabSize } = decoder.checkpoint;
  // Dynamic rotary scaling turns every key anew when the text grows.
  const reusable = Object.values(spec.ropes).every(({ scaling }) => scaling?.kind !== 'dynamic');
  let known: { ids: Int32Array; cache: Cache } | null = null;
  return {
    async continue(prompt, { maxTokens, temperature, topP, seed, stopIds, signal }) {
      if (prompt.length === 0 || prompt.length >= contextLength) {
        throw new AppError('bad_request', `A prompt of ${prompt.length} tokens does not fit the model's context of ${contextLength}.`, { field: 'prompt' });
      }
      const reused = known === null ? 0 : Math.min(sharedLength(known.ids, prompt), prompt.length - 1);
      let state: { cache: Cache; logits: Float32Array } = {
        cache: known === null || reused === 0 ? decoder.start(Int32Array.of(0)) : truncateCache(known.cache, reused),
        logits: new Float32Array(0),
      };
      for (let at = reused; at < prompt.length; at += CHUNK_TOKENS) {
        await letOthersRun(signal);
        const chunk = prompt.slice(at, at + CHUNK_TOKENS);
        state = await decoder.forward(state.cache, chunk, [chunk.length - 1]);
      }
      known = reusable ? { ids: prompt.slice(), cache: state.cache } : null;
      const rng = rngFor(seed, 'generate', 0);
      const tokens: number[] = [];
      const most = Math.min(maxTokens, contextLength - prompt.length);
      while (tokens.length < most) {
        const token = sampleToken(state.logits.subarray(0, vocabSize), { temperature, topP }, rng);
        if (stopIds.includes(token)) return { tokens, ended: 'stop', reused };
        tokens.push(token);
        if (tokens.length === most) break;
        await letOthersRun(signal);
        state = await decoder.forward(state.cache, Int32Array.of(token), [0]);
      }
      return { tokens, ended: 'length', reused };
    },
  };
}

function sharedLength(a: Int32Array, b: Int32Array): number {
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n++;
  return n;
}

async function letOthersRun(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  if (signal?.aborted) throw new AppError('cancelled', 'Generation was cancelled.', { retryable: true });
}
