import type { Pool, PoolClient } from 'pg';
import { decodeFloat16 } from '#lib/bytes/float16.ts';
import type { SearchDocument } from '#lib/search/schema.ts';
import { notShown } from '#platform/database/withheld.ts';

export interface SearchDocumentsOptions {
  /** Whose vectors go in (`EmbedderClient.id`); a text that it has not embedded is found by words alone. */
  embedder: string;
  /** All coders when left out. */
  coderId?: bigint;
  /** All latents of the coder when left out. */
  latents?: readonly number[];
  /** Documents a batch. */
  batch?: number;
}

/**
 * What an index holds, made from Postgres: every latent with a headline that no takedown withholds, joined with its coder, model and vector, in
 * batches by coder and index. The only place where stored rows become search documents.
 */
export async function* loadSearchDocuments(db: Pool | PoolClient, options: SearchDocumentsOptions): AsyncGenerator<SearchDocument[]> {
  const { embedder, coderId, latents, batch = 1000 } = options;
  let after: [coder: string, latent: number] = ['0', -1];
  for (;;) {
    const { rows } = await db.query<DocumentRow>(SELECT, [embedder, coderId ?? null, latents ?? null, ...after, batch]);
    if (rows.length > 0) yield rows.map(toDocument);
    const last = rows.at(-1);
    if (!last || rows.length < batch) return;
    after = [last.coderId, last.latent];
  }
}

type DocumentRow = Omit<SearchDocument, 'vector'> & { inputs: string[]; outputs: string[]; vector: Buffer | null };

function toDocument({ inputs, outputs, vector, ...row }: DocumentRow): SearchDocument {
  return { ...row, hookpoints: [...new Set([...inputs, ...outputs])], vector: vector && decodeFloat16(vector) };
}

// The cursor starts below every key: surrogate keys start at 1, indices at 0.
const SELECT = `
  SELECT latent.headline_explanation_id::text AS id, latent.coder_id::text AS "coderId", model.slug AS model, coder.slug AS coder,
    latent.index AS latent, latent.headline_text AS text, latent.headline_method AS method, coder.layer,
    coder.input_hookpoints AS inputs, coder.output_hookpoints AS outputs,
    latent.headline_score AS score, latent.headline_score_lower AS "scoreLower",
    latent.frequency, latent.max_activation AS "maxActivation", embedding.vector
  FROM latents AS latent
  JOIN sparse_coders AS coder ON coder.id = latent.coder_id
  JOIN models AS model ON model.id = coder.model_id
  LEFT JOIN text_embeddings AS embedding
    ON embedding.embedder = $1 AND embedding.text_hash = encode(sha256(convert_to(latent.headline_text, 'UTF8')), 'hex')
  WHERE latent.headline_explanation_id IS NOT NULL AND latent.headline_text IS NOT NULL AND latent.headline_method IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM explanations x WHERE x.coder_id = latent.coder_id AND x.id = latent.headline_explanation_id AND ${notShown('x')})
    AND ($2::bigint IS NULL OR latent.coder_id = $2)
    AND ($3::int[] IS NULL OR latent.index = ANY($3))
    AND (latent.coder_id, latent.index) > ($4::bigint, $5::int)
  ORDER BY latent.coder_id, latent.index
  LIMIT $6`;
