import type { DetectionControl } from '#lib/run/schema.ts';
import { unitHash } from '#lib/random/hash.ts';
import { rngFor } from '#lib/random/rng.ts';

/** What the blank control is told in the place of an explanation. */
export const BLANK_EXPLANATION = '(no description is given)';

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

/** Share of the latents whose exam is judged by another's explanation, and by none, too. */
export const CONTROL_SHARES: Record<DetectionControl, number> = { all: 1, tenth: 0.1, none: 0 };

/**
 * Whether a latent belongs to the run's declared random sample of controls, the same for every scorer that is paid for.
 * Depends on nothing but seed, latent and share.
 */
export function hasControl(latent: number, seed: number, control: DetectionControl): boolean {
  return unitHash(`${seed} detection control ${latent}`) < CONTROL_SHARES[control];
}
