import { rngFor, sampleIndices } from '#lib/random/rng.ts';
import type { RunConfig } from './schema.ts';

/** The latents that a run over a coder of `width` is asked to look at, ascending; null for all of them. */
export function latentsWanted({ latents, seed }: Pick<RunConfig, 'latents' | 'seed'>, width: number): number[] | null {
  if (latents === 'all') return null;
  if ('first' in latents) return Array.from({ length: Math.min(width, latents.first) }, (_, i) => i);
  return sampleIndices(rngFor(seed, 'latents'), width, latents.random).sort((a, b) => a - b);
}
