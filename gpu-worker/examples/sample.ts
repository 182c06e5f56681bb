import type { Protocol, Sampler } from '#lib/example/protocol.ts';
import { sampleIndices, type Rng } from '#lib/random/rng.ts';
import type { ActivatingWindow } from './windows.ts';

/** How ranks are cut into groups; rank 0 and group 0 are the strongest. */
export type Quantiles = Pick<Protocol, 'quantiles' | 'remainder'>;

export type Sampled<W> = W & {
  /** Group of the window's rank among all that could be drawn; null for the ranks that `dropped` leaves out. */
  quantile: number | null;
};

/** Windows in order of rank: the strongest first, the earlier of equals first. */
export function ranked<W extends Pick<ActivatingWindow, 'max' | 'origin'>>(windows: readonly W[]): W[] {
  return [...windows].sort((a, b) => b.max - a.max || a.origin - b.origin);
}

/** The same windows one by one, for those who take few of many: a heap, as a sort of them all costs most of the time. */
export function* strongestFirst<W extends Pick<ActivatingWindow, 'max' | 'origin'>>(windows: readonly W[]): Generator<W, void, undefined> {
  const heap = [...windows];
  const isBefore = (a: W, b: W): boolean => a.max > b.max || (a.max === b.max && a.origin < b.origin);
  const sink = (at: number, end: number): void => {
    const window = heap[at]!;
    for (let child = 2 * at + 1; child < end; child = 2 * at + 1) {
      if (child + 1 < end && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, window)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = window;
  };
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) sink(at, heap.length);
  for (let left = heap.length; left > 0;) {
    yield heap[0]!;
    heap[0] = heap[--left]!;
    if (left > 0) sink(0, left);
  }
}

/** Ranks [from, to) of a group among `n`: of equal size, ± 1 when what does not divide is spread (method.md §3.4). */
export function groupOf(quantile: number, n: number, { quantiles, remainder }: Quantiles): [from: number, to: number] {
  if (remainder === 'dropped') return [quantile * Math.floor(n / quantiles), (quantile + 1) * Math.floor(n / quantiles)];
  return [Math.floor((quantile * n) / quantiles), Math.floor(((quantile + 1) * n) / quantiles)];
}

/** The group that a rank among `n` lies in, or null where it is left out. */
export function quantileOf(rank: number, n: number, { quantiles, remainder }: Quantiles): number | null {
  // The first group that ends behind the rank; a quotient of whole numbers this small is whole only where it should be.
  if (remainder === 'spread') return Math.ceil(((rank + 1) * quantiles) / n) - 1;
  const size = Math.floor(n / quantiles);
  return rank < size * quantiles ? Math.floor(rank / size) : null;
}

/**
 * Draws from windows in order of rank, without replacement and never more than there are; what is drawn keeps the order
 * of rank. `rngFor` gives each part of a draw its own generator: a group its number, everything else null.
 */
export function sample<W>(inRank: readonly W[], sampler: Sampler, cut: Quantiles, rngFor: (part: number | null) => Rng): Sampled<W>[] {
  const n = inRank.length;
  return ranksDrawn(n, sampler, cut, rngFor).map((rank) => ({ ...(inRank[rank] as W), quantile: quantileOf(rank, n, cut) }));
}

function ranksDrawn(n: number, sampler: Sampler, cut: Quantiles, rngFor: (part: number | null) => Rng): number[] {
  switch (sampler.kind) {
    case 'top':
      return first(Math.min(n, sampler.count));
    case 'random':
      return ascending(sampleIndices(rngFor(null), n, sampler.count));
    case 'quantiles':
      return fromGroups(n, sampler.perQuantile, cut, rngFor);
    case 'mix': {
      const top = Math.min(n, Math.floor(sampler.count * sampler.ratioTop));
      const perQuantile = Math.floor(Math.floor(sampler.count * (1 - sampler.ratioTop)) / cut.quantiles);
      return [...first(top), ...fromGroups(n - top, perQuantile, cut, rngFor).map((rank) => top + rank)];
    }
  }
}

function fromGroups(n: number, perQuantile: number, cut: Quantiles, rngFor: (part: number | null) => Rng): number[] {
  return first(cut.quantiles).flatMap((quantile) => {
    const [from, to] = groupOf(quantile, n, cut);
    return ascending(sampleIndices(rngFor(quantile), to - from, perQuantile)).map((i) => from + i);
  });
}

const first = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const ascending = (ranks: number[]): number[] => ranks.sort((a, b) => a - b);
