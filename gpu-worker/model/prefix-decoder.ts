import { AppError } from '#lib/errors/app-error.ts';
import { truncateCache, type Cache, type CachedDecoder } from './cached-decoder.ts';

/** Tokens read at once: a run holds up the event loop, which has leases to renew; 256 keep the cores busy as well as 2,048. */
const CHUNK_TOKENS = 256;
/** Prompts whose keys and values are kept: an explainer and the scorers that run beside one another each have their own. */
const KEPT_PROMPTS = 4;
/** What they may hold in all; the last prompt is kept whatever it holds. */
const KEPT_BYTES = 1024 ** 3;
/** A prompt that shares this much with an earlier one is of the same kind, and takes its place. */
const SAME_KIND = 1 / 4;

/** A prompt that was read, and what was written after it. */
export interface Reading {
  /** Tokens of the prompt that were read before, with an earlier prompt. */
  readonly reused: number;
  /** Tokens that still fit the model's context. */
  readonly room: number;
  /** What the model would write next [vocabulary]. */
  readonly logits: Float32Array;
  /**
   * Writes some tokens, at least one and at most `room`. What is likely to be written after them is read in the same pass:
   * if it then is, it costs nothing more, and if not, no more than it would have. Throws AppError 'cancelled'.
   */
  write(tokens: readonly number[], likely?: readonly number[]): Promise<void>;
}

/** Reads one prompt after another, and what a prompt shares with one of the last few only once. */
export interface PrefixDecoder {
  /** Throws AppError 'bad_request' for a prompt that fills the model's context, 'cancelled'. Readings have nothing to do with one another. */
  read(prompt: Int32Array, signal?: AbortSignal): Promise<Reading>;
}

interface Kept {
  ids: Int32Array;
  cache: Cache;
}

/**
 * Prompts of one kind (the same instructions and worked examples, another latent) share most of their tokens; their
 * keys and values are kept from prompt to prompt, of the last few kinds. The result is that of reading each prompt
 * afresh, up to the rounding of sums taken in another order.
 */
export function createPrefixDecoder(decoder: CachedDecoder): PrefixDecoder {
  const { contextLength, spec, vocabSize } = decoder.checkpoint;
  // Dynamic rotary scaling turns every key anew when the text grows.
  const reusable = Object.values(spec.ropes).every(({ scaling }) => scaling?.kind !== 'dynamic');
  /** Latest first. */
  let kept: Kept[] = [];

  const read = async (prompt: Int32Array, signal?: AbortSignal): Promise<Reading> => {
    if (prompt.length === 0 || prompt.length >= contextLength) {
      throw new AppError('bad_request', `A prompt of ${prompt.length} tokens does not fit the model's context of ${contextLength}.`, { field: 'prompt' });
    }
    const [nearest, reused] = nearestOf(kept, prompt);
    let cache = nearest === null || reused === 0 ? decoder.start(Int32Array.of(0)) : truncateCache(nearest.cache, reused);
    /** What stands behind the last of some tokens: its own logits, and those of each token that was read ahead. */
    let logits: Float32Array = new Float32Array(0);
    let ahead: { token: number; logits: Float32Array }[] = [];
    const forward = async (tokens: readonly number[], likely: readonly number[]): Promise<void> => {
      await letOthersRun(signal);
      const last = tokens.length - 1;
      const next = await decoder.forward(
        cache,
        Int32Array.from([...tokens, ...likely]),
        Array.from({ length: likely.length + 1 }, (_, i) => last + i),
      );
      const width = next.logits.length / (likely.length + 1);
      const after = (i: number): Float32Array => next.logits.subarray(i * width, i * width + vocabSize);
      cache = next.cache;
      logits = after(0);
      ahead = likely.map((token, i) => ({ token, logits: after(i + 1) }));
    };
    for (let at = reused; at < prompt.length; at += CHUNK_TOKENS) await forward([...prompt.subarray(at, at + CHUNK_TOKENS)], []);
    if (reusable) {
      const others = kept.filter((one) => one !== nearest || reused < SAME_KIND * prompt.length);
      kept = within(KEPT_BYTES, [{ ids: prompt.slice(), cache }, ...others].slice(0, KEPT_PROMPTS));
    }
    return {
      reused,
      get room() {
        return contextLength - cache.length + ahead.length;
      },
      get logits() {
        return logits;
      },
      async write(tokens, likely = []) {
        let known = 0;
        while (known < tokens.length && ahead[known]?.token === tokens[known]) known++;
        if (known > 0) logits = ahead[known - 1]!.logits;
        ahead = ahead.slice(known);
        if (known === tokens.length) return;
        if (ahead.length > 0) cache = truncateCache(cache, cache.length - ahead.length);
        ahead = [];
        const rest = tokens.slice(known);
        await forward(rest, reusable ? likely.slice(0, contextLength - cache.length - rest.length) : []);
      },
    };
  };
  return { read };
}

/** The kept prompt that begins most like this one, and how many tokens of it can be reused: one at least is read, for its logits. */
function nearestOf(kept: readonly Kept[], prompt: Int32Array): [Kept | null, number] {
  let [nearest, reused]: [Kept | null, number] = [null, 0];
  for (const one of kept) {
    const shared = Math.min(sharedLength(one.ids, prompt), prompt.length - 1);
    if (shared > reused) [nearest, reused] = [one, shared];
  }
  return [nearest, reused];
}

/** As many of them, latest first, as the bytes allow; the first in any case. */
function within(bytes: number, all: readonly Kept[]): Kept[] {
  let held = 0;
  return all.filter(({ cache }, i) => {
    held += cache.tensors.reduce((sum, { keys, values }) => sum + keys.data.byteLength + values.data.byteLength, 0);
    return i === 0 || held <= bytes;
  });
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
