import { describe, expect, it } from 'vitest';
import { controlLatent, hasControl } from './control.ts';

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

describe('hasControl', () => {
  it('is every latent’s when told so, and nobody’s when left out', () => {
    const all = Array.from({ length: 1000 }, (_, i) => i);
    expect(all.every((latent) => hasControl(latent, 22, 'all'))).toBe(true);
    expect(all.some((latent) => hasControl(latent, 22, 'none'))).toBe(false);
  });

  it('draws one latent in ten when told to, differently for another seed', () => {
    const drawn = (seed: number): number[] => Array.from({ length: 10_000 }, (_, i) => i).filter((latent) => hasControl(latent, seed, 'tenth'));
    // Binomial: 1,000 ± 4 · 30.
    expect(Math.abs(drawn(22).length - 1000)).toBeLessThan(120);
    const [one, two] = [drawn(22), new Set(drawn(23))];
    expect(one.filter((latent) => two.has(latent)).length).toBeLessThan(200);
  });
});
