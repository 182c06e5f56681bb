import type { Pool } from 'pg';
import type { SearchDocument } from '#lib/search/schema.ts';
import { loadSearchDocuments } from './documents.ts';
import type { SearchEngine } from './types.ts';

export interface ReindexOptions {
  pool: Pool;
  engine: SearchEngine;
  /** Whose vectors go in: `EmbedderClient.id`. */
  embedder: string;
  /** Told after each batch. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * Rebuild an index from Postgres; searches find the old content until the new one is complete. Returns how many
 * explanations went in, how many of them without a vector, and the seconds it took.
 */
export async function reindexAll({ pool, engine, embedder, onProgress }: ReindexOptions): Promise<{ indexed: number; withoutVector: number; seconds: number }> {
  const started = performance.now();
  await engine.prepare();
  const { rows } = await pool.query<{ n: number }>('SELECT count(*)::int AS n FROM latents WHERE headline_explanation_id IS NOT NULL');
  let done = 0;
  let withoutVector = 0;
  const watched = async function* (): AsyncGenerator<SearchDocument[]> {
    for await (const batch of loadSearchDocuments(pool, { embedder })) {
      yield batch;
      done += batch.length;
      withoutVector += batch.filter((document) => document.vector === null).length;
      onProgress?.(done, rows[0]!.n);
    }
  };
  const indexed = await engine.rebuild(watched());
  return { indexed, withoutVector, seconds: (performance.now() - started) / 1000 };
}
