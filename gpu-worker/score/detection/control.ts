import type { DetectionControl } from '#lib/run/schema.ts';
import { unitHash } from '#lib/random/hash.ts';

/** Share of the latents whose exam is judged by another's explanation too. */
export const CONTROL_SHARES: Record<DetectionControl, number> = { all: 1, tenth: 0.1, none: 0 };

/** Whether a latent belongs to the run's declared random sample of controls. Depends on nothing but seed, latent and share. */
export function hasControl(latent: number, seed: number, control: DetectionControl): boolean {
  return unitHash(`${seed} detection control ${latent}`) < CONTROL_SHARES[control];
}
