import { hash64 } from './hash.ts';

/** A seeded generator; every draw in the house takes one. */
export interface Rng {
  /** Uniform in [0, 1), 32 bits of resolution. */
  next(): number;
  /** Uniform integer in [0, n). */
  int(n: number): number;
}

/**
 * A generator seeded by what the draw is for, e.g. `rngFor(run.seed, 'negatives', latent)`, so that neither the order
 * of items nor parallelism changes a draw. sfc32 (Doty-Humphrey's PractRand), warmed up by 12 steps.
 */
export function rngFor(...key: (string | number)[]): Rng {
  const text = key.join('\u0001');
  let [a, b] = hash64(text);
  let [c, d] = hash64(`${text}\u0002`);
  const step = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) step();
  return {
    next: () => step() / 2 ** 32,
    int: (n) => Math.floor((step() / 2 ** 32) * n),
  };
}

/** The integers of [0, n) in random order, each when it is asked for. */
export function* shuffledIndices(rng: Rng, n: number): Generator<number, void, undefined> {
  // A sparse Fisher–Yates: only the touched positions are stored, so 50 draws out of a million windows cost 50.
  const moved = new Map<number, number>();
  for (let i = 0; i < n; i++) {
    const j = i + rng.int(n - i);
    yield moved.get(j) ?? j;
    moved.set(j, moved.get(i) ?? i);
  }
}

/** `count` distinct integers of [0, n) in random order, uniform over subsets; all of them when count ≥ n. Throws never. */
export function sampleIndices(rng: Rng, n: number, count: number): number[] {
  const out: number[] = [];
  if (count <= 0) return out;
  for (const i of shuffledIndices(rng, n)) if (out.push(i) >= count) break;
  return out;
}
