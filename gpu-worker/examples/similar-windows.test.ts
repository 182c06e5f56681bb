import { expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { windowEmbeddings } from '#gpu-worker/activations/window-embeddings.ts';
import { openSimilarWindows } from './similar-windows.ts';

const [DIMENSIONS, N] = [8, 3000];

function planted() {
  const rng = rngFor('vectors');
  const origins = Uint32Array.from({ length: N }, (_, i) => 32 * (3 * i + 1));
  const vectors = new Float32Array(N * DIMENSIONS);
  for (let i = 0; i < N; i++) {
    const raw = Float64Array.from({ length: DIMENSIONS }, () => rng.next() - 0.5);
    const norm = Math.hypot(...raw);
    vectors.set(
      raw.map((x) => x / norm),
      i * DIMENSIONS,
    );
  }
  return windowEmbeddings(origins, vectors);
}

it('finds, for windows of every origin, those of greatest cosine, as a look at all vectors does', async () => {
  const windows = planted();
  const cosine = (a: number, b: number): number => windows.vector(a)!.reduce((sum, x, d) => sum + x * windows.vector(b)![d]!, 0);
  const index = await openSimilarWindows(windows, { count: 5, threads: 1 });
  try {
    const queries = [windows.origins[0]!, windows.origins[1500]!, windows.origins[N - 1]!, 7];
    const found = await index.near(queries);
    expect(found[3]).toEqual([]);
    for (const [i, query] of queries.slice(0, 3).entries()) {
      const nearest = Array.from(windows.origins).filter((origin) => origin !== query).sort((a, b) => cosine(b, query) - cosine(a, query)); // prettier-ignore
      expect(found[i]).toHaveLength(40);
      // Of two that are equally near to a few parts in 10⁷ (a single's), either may come first.
      found[i]!.forEach((origin, rank) => expect(Math.abs(cosine(origin, query) - cosine(nearest[rank]!, query))).toBeLessThan(1e-6));
    }
  } finally {
    await index.close();
  }
});

it('finds the same whoever asks first, and lets others work before each long computation', async () => {
  const windows = planted();
  const [first, second] = await Promise.all([1, 2].map(() => openSimilarWindows(windows, { count: 5, threads: 1 })));
  try {
    const queries = Array.from({ length: 60 }, (_, i) => windows.origins[(i * 1259) % N]!);
    const alone: number[][] = [];
    for (const query of queries.toReversed()) alone.unshift(...(await second!.near([query])));
    let breaths = 0;
    const together = await first!.near(queries, async () => {
      breaths++;
    });
    expect(together).toEqual(alone);
    expect(breaths).toBe(new Set(queries.map((query) => Math.floor(windows.rowOf(query) / 256))).size);
    await first!.near(queries, () => Promise.reject(new Error('nothing is left to compute')));
  } finally {
    await Promise.all([first!.close(), second!.close()]);
  }
});

it('has nothing near where there is one window, or none', async () => {
  for (const n of [0, 1]) {
    const index = await openSimilarWindows(windowEmbeddings(new Uint32Array(n).fill(64), new Float32Array(n * DIMENSIONS).fill(DIMENSIONS ** -0.5)), { count: 5 });
    expect(await index.near([64])).toEqual([[]]);
    await index.close();
  }
});
