import { unitHash } from '#lib/random/hash.ts';

/** One latent in ten has its exam judged by another's explanation too: 10 % more calls, and 690 controls in 6,900. */
export const CONTROL_SHARE = 0.1;

/** Whether a latent belongs to the run's declared random sample of controls. Depends on nothing but seed and latent. */
export function hasControl(latent: number, seed: number): boolean {
  return unitHash(`${seed} detection control ${latent}`) < CONTROL_SHARE;
}
