import { describe, expect, it } from 'vitest';
import { controlLatent } from './control.ts';

describe('controlLatent', () => {
  it('is never the latent itself and reaches every other about equally often', () => {
    const latents = [3, 7, 8, 20, 41];
    const counts = new Map<number, number>();
    for (let seed = 0; seed < 4000; seed++) {
      const control = controlLatent(latents, 8, seed) as number;
      counts.set(control, (counts.get(control) ?? 0) + 1);
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([3, 7, 20, 41]);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(110);
  });

  it('does not exist in a run of one latent', () => {
    expect(controlLatent([5], 5, 1)).toBeNull();
  });
});
