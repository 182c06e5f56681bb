import { rngFor } from '#lib/random/rng.ts';

/**
 * Another latent of the run whose explanation serves as control: drawn uniformly per latent, never the latent itself.
 * Null when the run has only one.
 */
export function controlLatent(latents: readonly number[], latent: number, seed: number): number | null {
  const own = latents.indexOf(latent);
  const others = own < 0 ? latents.length : latents.length - 1;
  if (others === 0) return null;
  const drawn = rngFor(seed, 'control', latent).int(others);
  return latents[own >= 0 && drawn >= own ? drawn + 1 : drawn] as number;
}
