import type { Pool } from 'pg';
import type { ScoreDistribution } from '#lib/score/distribution.ts';
import type { SearchEngine } from '#platform/search/types.ts';
import { refreshing } from '#server/cache/refreshing.ts';
import { type Featured, readFeatured } from './featured.ts';
import { readScoreDistribution } from './score-distribution.ts';
import { readTallies, type Tallies } from './tallies.ts';

/** Figures that cost a scan, kept for a few seconds by each process. */
export interface CatalogueFigures {
  tallies(): Promise<Tallies>;
  distribution(coderId: string): Promise<ScoreDistribution>;
  featured(): Promise<Featured[]>;
  /** Entries of the search index; null while it is away, which must not take the pages with it. */
  indexed(): Promise<number | null>;
}

/** Short enough that a running demo's numbers move, long enough that visitors do not each cost a scan. */
const TTL_MS = 3000;

export function createFigures(pool: Pool, search: Pick<SearchEngine, 'count'>, onError: (error: unknown) => void): CatalogueFigures {
  const options = { ttlMs: TTL_MS, onError };
  const distributions = new Map<string, () => Promise<ScoreDistribution>>();
  const tallies = refreshing(() => readTallies(pool), options);
  return {
    tallies,
    featured: refreshing(() => readFeatured(pool), options),
    indexed: refreshing(async () => {
      try {
        return await search.count();
      } catch (error) {
        onError(error);
        return null;
      }
    }, options),
    distribution(coderId) {
      // One entry a coder that exists: ids come from the database, so that visitors cannot make it grow.
      const known = distributions.get(coderId) ?? refreshing(() => readScoreDistribution(pool, coderId), options);
      distributions.set(coderId, known);
      return known();
    },
  };
}
