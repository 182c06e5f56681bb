import { expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { openSimilarWindows } from './similar-windows.ts';

it('finds, for windows of every origin, those of greatest cosine, as a look at all vectors does', async () => {
  const rng = rngFor('vectors');
  const [dimensions, n] = [8, 3000];
  const origins = Array.from({ length: n }, (_, i) => 32 * (3 * i + 1));
  const vectors = new Map(
    origins.map((origin) => {
      const raw = Float64Array.from({ length: dimensions }, () => rng.next() - 0.5);
      const norm = Math.hypot(...raw);
      return [origin, Float32Array.from(raw, (x) => x / norm)];
    }),
  );
  const index = await openSimilarWindows({ dimensions, origins, vector: (origin) => vectors.get(origin) ?? null }, { threads: 1 });
  try {
    const queries = [origins[0]!, origins[1500]!, 7];
    const found = await index.near(queries, 5);
    expect(found[2]).toEqual([]);
    for (const [i, query] of queries.slice(0, 2).entries()) {
      const cosine = (origin: number): number => vectors.get(origin)!.reduce((sum, x, d) => sum + x * vectors.get(query)![d]!, 0);
      const nearest = origins.filter((origin) => origin !== query).sort((a, b) => cosine(b) - cosine(a)); // prettier-ignore
      expect(found[i]!.length).toBeGreaterThanOrEqual(39);
      // Vectors are kept in halves, of which a cosine differs by less than 0.001.
      found[i]!.forEach((origin, rank) => expect(Math.abs(cosine(origin) - cosine(nearest[rank]!))).toBeLessThan(0.001));
    }
  } finally {
    await index.close();
  }
});
