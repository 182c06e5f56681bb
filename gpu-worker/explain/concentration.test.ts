import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { concentrationOf, type EffectFigures } from './concentration.ts';

function figures(effects: readonly number[]): EffectFigures {
  const sorted = [...effects].sort((a, b) => b - a);
  const [from, to] = [sorted.at(-1) as number, sorted[0] as number];
  const counts = new Array<number>(40).fill(0);
  for (const effect of effects) counts[Math.min(39, Math.floor(((effect - from) / (to - from)) * 40))]! += 1;
  return { greatest: sorted.slice(0, 10), histogram: { from, to, counts } };
}

const normals = (count: number, seed: number): number[] => {
  const rng = rngFor('concentration', seed);
  return Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next()));
};

describe('concentrationOf', () => {
  it.each([1000, 8192])('is about 1 for %i normal effects, whatever their place and scale', (count) => {
    const all = Array.from({ length: 20 }, (_, seed) => concentrationOf(figures(normals(count, seed).map((x) => 3 + 0.02 * x))));
    // The mean of ten greatest has a standard error of some .1 at a thousand draws, a fiftieth of it over 20 repetitions.
    expect(all.reduce((a, b) => a + b) / all.length).toBeCloseTo(1, 1);
    expect(Math.max(...all)).toBeLessThan(1.25);
  });

  it('is far greater where ten tokens stand out', () => {
    const effects = normals(8192, 1).map((x, i) => (i < 10 ? 12 + x : x));
    expect(concentrationOf(figures(effects))).toBeGreaterThan(3);
  });

  it('is 0 where effects do not differ', () => {
    expect(concentrationOf({ greatest: [1, 1], histogram: { from: 1, to: 1, counts: [5] } })).toBe(0);
    expect(concentrationOf({ greatest: [], histogram: { from: 0, to: 1, counts: [0] } })).toBe(0);
  });
});
