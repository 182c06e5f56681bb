import type { CoderActivations } from '#gpu-worker/activations/store/types.ts';
import { byToken, forEachTaken, strideWithin } from './by-token.ts';
import { NearestLists, type Neighbour } from './nearest-lists.ts';

export interface CoOccurrence {
  lists: NearestLists;
  /** Rows that were counted, evenly spread: all, unless they did not fit the memory given. With fewer, every score is an estimate. */
  rows: number;
}

export interface CoOccurrenceOptions {
  /** Bytes that the lists by token may take (`BY_TOKEN_BYTES` by default). */
  budget?: number;
  /** Called between latents with how many are done: lets others work, and may throw to stop. */
  breathe?: (done: number) => Promise<void>;
}

/** Latents counted between two breaths: some milliseconds of work each where 10⁷ tokens were stored. */
const LATENTS_A_BREATH = 64;

/**
 * The k latents that share most tokens with each latent: Jaccard C / (nᵢ + nⱼ − C) over the tokens where both are active
 * (method.md §3.6); those that share none are not listed. One row of counts is kept at a time, filled along the tokens of
 * one latent: work is the sum of the squares of the active latents a token, memory the lists by token (at most `budget`),
 * 8 bytes a latent and neighbour, and 12 a latent. Counting each pair once, for both, took a third longer (70 s of the
 * processor against 52 for 32 M pairs of 131,072 latents): what it offers to lists all over the memory costs more than counting.
 *
 * Beyond the budget the result is an estimate, not the Jaccard index of the store: only every n-th row is counted, `rows`
 * says how many, and latents that share tokens in none of these are missing. Whoever shows such neighbours says so.
 */
export async function coOccurrence(coder: CoderActivations, k: number, { budget, breathe }: CoOccurrenceOptions = {}): Promise<CoOccurrence> {
  const { width } = coder;
  const stride = strideWithin(coder, { values: false, ...(budget === undefined ? {} : { budget }) });
  const tokens = await byToken(coder, stride, false);
  const { begin, latents, rowLength } = tokens;
  const active = new Uint32Array(width);
  for (let i = 0; i < latents.length; i++) active[latents[i]!]!++;
  const lists = new NearestLists(width, k);
  const shared = new Uint32Array(width);
  const touched = new Uint32Array(width);
  for await (const { latent, place } of coder.sweep()) {
    let met = 0;
    forEachTaken(place, stride, rowLength, (_, at) => {
      const end = begin[at + 1]!;
      for (let i = begin[at]!; i < end; i++) {
        const other = latents[i]!;
        if (shared[other]!++ === 0) touched[met++] = other;
      }
    });
    const own = active[latent]!;
    shared[latent] = 0;
    let threshold = -Infinity;
    for (let i = 0; i < met; i++) {
      const other = touched[i]!;
      const both = shared[other]!;
      shared[other] = 0;
      // Here the latent itself is 0 as well, and is not offered.
      const jaccard = Math.fround(both / (own + active[other]! - both));
      if (jaccard < threshold || both === 0) continue;
      lists.offer(latent, other, jaccard);
      threshold = lists.threshold(latent);
    }
    if ((latent + 1) % LATENTS_A_BREATH === 0) await breathe?.(latent + 1);
  }
  return { lists, rows: tokens.rows };
}

/** The same for one latent, over all rows: one sweep, and memory of a bit a place. */
export async function coOccurrenceOf(coder: CoderActivations, latent: number, k: number): Promise<Neighbour[]> {
  const { place } = await coder.latent(latent);
  const marked = new Uint8Array(Math.ceil((coder.rows * coder.rowLength) / 8));
  for (const at of place) marked[at >>> 3]! |= 1 << (at & 7);
  const lists = new NearestLists(1, k);
  for await (const other of coder.sweep()) {
    if (other.latent === latent) continue;
    let both = 0;
    for (const at of other.place) both += (marked[at >>> 3]! >>> (at & 7)) & 1;
    if (both > 0) lists.offer(0, other.latent, both / (place.length + other.place.length - both));
  }
  return lists.nearest(0);
}
