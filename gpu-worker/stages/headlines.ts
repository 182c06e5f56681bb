import type { Pool, PoolClient } from 'pg';
import { ofAtlas } from '#platform/database/protocols.ts';
import { notShown } from '#platform/database/withheld.ts';
import type { SearchEngine } from '#platform/search/types.ts';

/**
 * Sets what lists show of some latents: their newest explanation, a run's before one that somebody entered (which nobody has
 * checked) and any before the baseline's, with its newest embedding score, of those made from the sample that the page shows and from no document taken down since; nothing
 * for a latent that has none. Deterministic, so doing it twice is harmless.
 */
export async function refreshHeadlines(client: PoolClient, coderId: bigint, latents: readonly number[]): Promise<void> {
  await client.query(
    `UPDATE latents l
        SET headline_explanation_id = e.id, headline_text = e.text, headline_method = e.method,
            headline_score = s.value, headline_score_lower = s.lower, updated_at = now()
       FROM latents own
       LEFT JOIN LATERAL (SELECT x.id, x.text, x.method FROM explanations x
              WHERE x.coder_id = $1 AND x.latent_index = own.index AND x.provenance->>'sampleKey' = own.sample_key AND NOT ${notShown('x')}
              ORDER BY (x.method <> 'human') DESC, (x.method <> 'lexical') DESC, x.id DESC LIMIT 1) e ON true
       LEFT JOIN LATERAL (SELECT value, lower FROM scores
              WHERE coder_id = $1 AND latent_index = own.index AND explanation_id = e.id AND scorer = 'embedding'
              ORDER BY id DESC LIMIT 1) s ON ${ofAtlas('own')}
      WHERE own.coder_id = $1 AND own.index = ANY($2) AND l.coder_id = $1 AND l.index = own.index`,
    [String(coderId), latents],
  );
}

/**
 * Takes the entries of latents that have no headline out of the search index: those of `latents`, and with `between` also
 * those that lie between them or, for the first and the last batch of a run's ready latents, before or behind: latents
 * that are ready no more are in no batch, and would be found for ever.
 */
export async function removeUnheadlined(
  { pool, search }: { pool: Pool; search: Pick<SearchEngine, 'remove'> },
  coderId: bigint,
  latents: readonly number[],
  { between, signal }: { between?: { runId: bigint }; signal?: AbortSignal } = {},
): Promise<number> {
  const { rows } = await pool.query<{ index: number }>(
    `SELECT index FROM latents WHERE coder_id = $1 AND headline_explanation_id IS NULL AND (index = ANY($2) OR ($3::bigint IS NOT NULL
        AND index > coalesce((SELECT max(index) FROM latents WHERE coder_id = $1 AND run_id = $3 AND status = 'ready' AND index < $4), -1)
        AND index <= CASE WHEN EXISTS (SELECT 1 FROM latents WHERE coder_id = $1 AND run_id = $3 AND status = 'ready' AND index > $5) THEN $5 ELSE 2147483647 END))`,
    [String(coderId), latents, between ? String(between.runId) : null, latents[0] ?? 0, latents.at(-1) ?? 0],
  );
  await search.remove(
    String(coderId),
    rows.map(({ index }) => index),
    signal,
  );
  return rows.length;
}
