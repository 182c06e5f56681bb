import { AppError } from '#lib/errors/app-error.ts';
import { truncateCache, type Cache } from './cached-decoder.ts';
import type { Checkpoint } from './checkpoint.ts';
import { openLikelihoodGraph, type Reading, type TokenLikelihood } from './likelihood-graph.ts';
import type { Device } from './onnx.ts';

/** Reads texts and tells how likely each of their tokens is. One call at a time. */
export interface TextLikelihood {
  checkpoint: Checkpoint;
  /**
   * For each text, in their order, a likelihood a token. What the texts of a call begin with is read once, and what they
   * share with the call before is not read again. The numbers are those of reading each text by itself, up to the
   * rounding of sums taken in another order.
   *
   * @param top alternatives at each place; 0 for none
   * @throws AppError 'bad_request' for an empty text, one longer than the model's context, or a foreign token; 'cancelled'
   */
  read(texts: readonly Int32Array[], top: number, signal?: AbortSignal): Promise<TokenLikelihood[][]>;
  close(): Promise<void>;
}

/** Tokens read at once: a run holds up the event loop, which has leases to renew; 256 keep the cores busy as well as 2,048. */
const CHUNK_TOKENS = 256;
const FIRST: TokenLikelihood = { logprob: null, top: [] };

/** The beginning that texts share, read up to its last token, which each text reads itself as it foretells how it goes on. */
interface Trunk {
  /** One more than are in the cache. */
  ids: Int32Array;
  cache: Cache;
  /** One for each of `ids`. */
  likelihoods: TokenLikelihood[];
  top: number;
}

/** Opens a checkpoint for reading texts. */
export async function openTextLikelihood(o: { checkpoint: Checkpoint; threads?: number; device?: Device }): Promise<TextLikelihood> {
  const { checkpoint } = o;
  const graph = await openLikelihoodGraph(o);
  // Dynamic rotary scaling turns every key anew when the text grows: nothing of one text is of use to another.
  const shares = Object.values(checkpoint.spec.ropes).every(({ scaling }) => scaling?.kind !== 'dynamic');
  let known: Trunk | null = null;

  const readOn = async (from: Cache, { ids, next }: Reading, top: number, chunk: number, signal?: AbortSignal) => {
    let cache = from;
    const likelihoods: TokenLikelihood[] = [];
    for (let at = 0; at < ids.length; at += chunk) {
      await letOthersRun(signal);
      const state = await graph.forward(cache, [{ ids: ids.slice(at, at + chunk), next: next.slice(at, at + chunk) }], top);
      cache = state.cache;
      likelihoods.push(...state.likelihoods);
    }
    return { cache, likelihoods };
  };

  const readTrunk = async (ids: Int32Array, top: number, signal?: AbortSignal): Promise<Trunk> => {
    const shared = known === null || known.top < top ? 0 : sharedLength([known.ids, ids]);
    // The last place known is read again: it foretold another token.
    const kept = Math.max(0, Math.min(shared, (known?.ids.length ?? 1) - 1) - 1);
    const from = known === null || kept === 0 ? graph.start() : truncateCache(known.cache, kept);
    const before = known === null || kept === 0 ? [FIRST] : known.likelihoods.slice(0, kept + 1).map((one) => ({ ...one, top: one.top.slice(0, top) }));
    const read = await readOn(from, { ids: ids.slice(kept, -1), next: ids.slice(kept + 1) }, top, CHUNK_TOKENS, signal);
    return { ids, cache: read.cache, likelihoods: [...before, ...read.likelihoods], top };
  };

  return {
    checkpoint,
    async read(texts, top, signal) {
      for (const ids of texts) check(ids, checkpoint, shares ? checkpoint.contextLength : Infinity);
      if (texts.length === 0) return [];
      if (!shares) {
        const out: TokenLikelihood[][] = [];
        for (const ids of texts) {
          // Its last token, which foretells nothing that is asked for, counts in the length that it is rotated by.
          const whole = await readOn(graph.start(), { ids, next: Int32Array.from(ids, (_, i) => ids[i + 1] ?? 0) }, top, Infinity, signal);
          out.push([FIRST, ...whole.likelihoods.slice(0, -1)]);
        }
        return out;
      }
      const shared = sharedLength(texts);
      const common = Math.max(1, shared);
      // Texts with nothing in common each begin by themselves.
      const trunk = shared === 0 ? null : await readTrunk(texts[0]!.slice(0, common), top, signal);
      known = trunk ?? known;
      const cache = trunk?.cache ?? graph.start();
      const out: TokenLikelihood[][] = [];
      for (const pack of packed(texts.map((ids): Reading => ({ ids: ids.slice(common - 1, -1), next: ids.slice(common) })))) {
        await letOthersRun(signal);
        const { likelihoods } = pack.length === 1 ? await readOn(cache, pack[0]!, top, CHUNK_TOKENS, signal) : await graph.forward(cache, pack, top);
        let at = 0;
        for (const { ids } of pack) {
          out.push([...(trunk?.likelihoods ?? [FIRST]), ...likelihoods.slice(at, at + ids.length)]);
          at += ids.length;
        }
      }
      return out;
    },
    close: () => graph.close(),
  };
}

/** Neighbouring texts together, as many as fill a chunk; a longer one by itself. */
function packed(texts: readonly Reading[]): Reading[][] {
  const packs: Reading[][] = [];
  let room = 0;
  for (const text of texts) {
    if (packs.length === 0 || text.ids.length > room) {
      packs.push([]);
      room = CHUNK_TOKENS;
    }
    packs.at(-1)!.push(text);
    room -= text.ids.length;
  }
  return packs;
}

/** Tokens that all texts begin with. */
function sharedLength(texts: readonly Int32Array[]): number {
  const [first, ...others] = texts;
  let n = 0;
  while (n < first!.length && others.every((ids) => n < ids.length && ids[n] === first![n])) n++;
  return n;
}

function check(ids: Int32Array, { vocabSize, contextLength }: Checkpoint, most: number): void {
  if (ids.length === 0 || ids.length > most)
    throw new AppError('bad_request', `A text of ${ids.length} tokens does not fit the model's context of ${contextLength}.`, { field: 'prompt' });
  for (const id of ids) if (id < 0 || id >= vocabSize) throw new AppError('bad_request', `Token id ${id} is outside the model's vocabulary of ${vocabSize}.`);
}

async function letOthersRun(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  if (signal?.aborted) throw new AppError('cancelled', 'Reading was cancelled.', { retryable: true });
}
