import { sampleIndices, type Rng } from '#lib/random/rng.ts';
import type { ActivatingWindow, WindowId } from './windows.ts';

export const QUANTILES = 10;

export interface SampledWindow extends ActivatingWindow {
  /** 0 is the strongest tenth by rank. */
  quantile: number;
}

/**
 * Quantile-stratified sample (method.md §3.4): windows are ranked by their maximum, cut into ten groups of equal size
 * (± 1: no window is left over, unlike the reference), and `perQuantile` are drawn from each without replacement, all
 * of them where a group has fewer. Ties keep the order of place. Returned strongest group first, within a group
 * strongest window first. `rngOf` gives each group its own generator.
 */
export function sampleQuantiles(windows: readonly ActivatingWindow[], perQuantile: number, rngOf: (quantile: number) => Rng): SampledWindow[] {
  const ranked = [...windows].sort((a, b) => b.max - a.max || a.window - b.window);
  const out: SampledWindow[] = [];
  for (let quantile = 0; quantile < QUANTILES; quantile++) {
    const from = Math.floor((quantile * ranked.length) / QUANTILES);
    const to = Math.floor(((quantile + 1) * ranked.length) / QUANTILES);
    const drawn = sampleIndices(rngOf(quantile), to - from, perQuantile).sort((a, b) => a - b);
    for (const i of drawn) out.push({ ...(ranked[from + i] as ActivatingWindow), quantile });
  }
  return out;
}

/**
 * Draws `count` windows uniformly, without replacement, from those of `candidates` (sorted ascending) in which the
 * latent is silent; all of them where there are fewer. `firing` are the windows in which it fires, sorted ascending.
 */
export function sampleSilent(candidates: Uint32Array, firing: readonly WindowId[], count: number, rng: Rng): WindowId[] {
  const active = new Set(firing);
  const out: WindowId[] = [];
  // A random permutation with the firing windows passed over is uniform over the silent ones, and count + firing
  // draws are enough to find `count` of them.
  for (const i of sampleIndices(rng, candidates.length, Math.min(candidates.length, count + active.size))) {
    const window = candidates[i] as WindowId;
    if (!active.has(window)) out.push(window);
    if (out.length === count) break;
  }
  return out;
}
