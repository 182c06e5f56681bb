import type { SearchDocument, SearchQuery, SearchResults } from '#lib/search/schema.ts';

/** One interface, two engines: Meilisearch and the embedded one. Both pass tests/integration/search-contract. */
export interface SearchEngine {
  readonly name: 'embedded' | 'meilisearch';
  /** Create the index and its settings if missing; idempotent. */
  prepare(): Promise<void>;
  /**
   * Insert or replace; visible to `search` when the promise resolves. An index holds one document a latent, its
   * headline: a newer explanation takes the place of the older one. An aborted `signal` ends the waiting, with its reason;
   * what was handed over by then may still go in.
   */
  upsert(documents: SearchDocument[], signal?: AbortSignal): Promise<void>;
  /** Remove what the index holds of these latents of a coder, if anything; searches find it no more when the promise resolves. `signal`: as above. */
  remove(coderId: string, latents: readonly number[], signal?: AbortSignal): Promise<void>;
  /** Remove everything. */
  clear(): Promise<void>;
  /** Replace everything by these batches; searches find the old content until it is done. Returns how many came in. */
  rebuild(batches: AsyncIterable<SearchDocument[]>): Promise<number>;
  count(): Promise<number>;
  /** `vector` is the query's embedding, or null when no embedder answered: then words alone, and `mode` says so. */
  search(query: SearchQuery, vector: Float32Array | null): Promise<SearchResults>;
  close(): Promise<void>;
}

/** Exact scan over the vectors of the embedded engine; lives in the worker, asked over HTTP by the web process. */
export interface VectorScan {
  /** The k nearest explanation ids with cosine similarity, best first, restricted to `coderIds` unless null. */
  nearest(vector: Float32Array, k: number, coderIds: string[] | null): Promise<{ id: string; similarity: number }[]>;
}
