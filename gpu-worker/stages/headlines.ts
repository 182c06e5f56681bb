import type { PoolClient } from 'pg';

/**
 * Sets what lists show of some latents: their newest explanation, a language model's before the baseline's, with its
 * newest embedding score, of those made from the sample that the page shows. Deterministic, so doing it twice is harmless.
 */
export async function refreshHeadlines(client: PoolClient, coderId: bigint, latents: readonly number[]): Promise<void> {
  await client.query(
    `UPDATE latents l
        SET headline_explanation_id = e.id, headline_text = e.text, headline_method = e.method,
            headline_score = s.value, headline_score_lower = s.lower, updated_at = now()
       FROM (SELECT DISTINCT ON (x.latent_index) x.latent_index, x.id, x.text, x.method FROM explanations x
               JOIN latents own ON own.coder_id = x.coder_id AND own.index = x.latent_index AND own.sample_key = x.provenance->>'sampleKey'
              WHERE x.coder_id = $1 AND x.latent_index = ANY($2)
              ORDER BY x.latent_index, (x.method = 'llm') DESC, x.id DESC) e
       LEFT JOIN LATERAL (SELECT value, lower FROM scores
              WHERE coder_id = $1 AND latent_index = e.latent_index AND explanation_id = e.id AND scorer = 'embedding'
              ORDER BY id DESC LIMIT 1) s ON true
      WHERE l.coder_id = $1 AND l.index = e.latent_index`,
    [String(coderId), latents],
  );
}
