import type { Pool } from 'pg';
import { createEmbeddedEngine } from './embedded.ts';
import { createMeilisearchEngine } from './meilisearch.ts';
import type { SearchEngine, VectorScan } from './types.ts';

export interface SearchEngineOptions {
  /** Null: the embedded engine. */
  meiliUrl: string | null;
  meiliKey: string | null;
  meiliSearchKey: string | null;
  /** Numbers in a vector; asked for only when a Meilisearch index is prepared or rebuilt. */
  dimensions: () => Promise<number>;
  pool: Pool;
  /** The embedded engine's search by meaning; null: words alone. */
  vectorScan: VectorScan | null;
}

/** The engine that the environment asks for. Nothing is contacted before the first call. */
export function createSearchEngine({ meiliUrl, meiliKey, meiliSearchKey, dimensions, pool, vectorScan }: SearchEngineOptions): SearchEngine {
  if (meiliUrl === null) return createEmbeddedEngine({ pool, vectorScan });
  return createMeilisearchEngine({ url: meiliUrl, key: meiliKey, searchKey: meiliSearchKey, dimensions });
}
