import type { Pool } from 'pg';
import { AppError } from '#lib/errors/app-error.ts';
import { madeFromTakenDown } from '#platform/database/takedowns.ts';
import { transaction } from '#platform/database/transaction.ts';
import { loadSearchDocuments } from '#platform/search/documents.ts';
import type { SearchEngine } from '#platform/search/types.ts';
import { refreshHeadlines, removeUnheadlined } from '#gpu-worker/stages/headlines.ts';

export interface TakedownRequest {
  /** Slug of the text source. */
  text: string;
  /** Keys of its documents, as examples carry them; `doc` takes all of `doc#1`, `doc#2` … with it, the blocks of a text of one document. */
  documents: readonly string[];
  reason: string;
}

export interface Takedown {
  /** Keys that were not taken down before. */
  added: number;
  /** Blocks that went with them. */
  blocks: number;
  /** Windows are kept in these latents' examples and shown no more. */
  latents: number;
  /** Explanations of this text that are withheld now, for these documents and for earlier ones. */
  withheld: number;
  /** Entries that search holds no more, and those that another explanation of the latent has now. */
  removed: number;
  replaced: number;
}

/** Latents a statement and a batch of the index. */
const BATCH = 500;

/**
 * Makes documents disappear, with all that was made from them: their keys and the headlines that lists, figures and
 * sorting go by change in one transaction, then the search index is told. Done again it does the same again, so that one
 * that was broken off, or found the index away, is repeated.
 *
 * @param embedder whose vectors the index holds (`EmbedderClient.id`)
 * @throws AppError 'not_found' for an unknown text
 */
export async function takeDown(
  { pool, search, embedder }: { pool: Pool; search: Pick<SearchEngine, 'upsert' | 'remove'>; embedder: string },
  { text, documents, reason }: TakedownRequest,
): Promise<Takedown> {
  const source = (await pool.query<{ id: string }>('SELECT id::text FROM text_sources WHERE slug = $1', [text])).rows[0]?.id;
  if (source === undefined)
    throw new AppError('not_found', `There is no text “${text}” in this catalogue; its slug stands in the run's configuration.`, { field: 'text' });
  const keys = [...new Set([...documents, ...(await blocksOf(pool, source, documents))])];
  const { added, blocks, byCoder } = await transaction(pool, async (client) => {
    const inserted = await client.query<{ key: string }>(
      `INSERT INTO suppressed_documents (text_source_id, document_key, reason) SELECT $1, unnest($2::text[]), $3
       ON CONFLICT (text_source_id, document_key) DO NOTHING RETURNING document_key AS key`,
      [source, keys, reason],
    );
    // All that this text's takedowns withhold, not these documents' alone: what an earlier one left undone is done now.
    const { rows } = await client.query<{ coder: string; latents: number[]; withheld: number }>(
      `SELECT x.coder_id::text AS coder, array_agg(DISTINCT x.latent_index) AS latents, count(*)::int AS withheld
         FROM explanations x JOIN runs r ON r.id = x.run_id AND r.text_source_id = $1 WHERE ${madeFromTakenDown('x')} GROUP BY x.coder_id`,
      [source],
    );
    for (const { coder, latents } of rows) for (const batch of batches(latents)) await refreshHeadlines(client, BigInt(coder), batch);
    const asked = inserted.rows.filter(({ key }) => documents.includes(key)).length;
    return { added: asked, blocks: inserted.rows.length - asked, byCoder: rows };
  });
  let [removed, replaced] = [0, 0];
  for (const { coder, latents } of byCoder) {
    const coderId = BigInt(coder);
    for (const batch of batches(latents)) {
      removed += await removeUnheadlined({ pool, search }, coderId, batch);
      for await (const entries of loadSearchDocuments(pool, { embedder, coderId, latents: batch })) {
        await search.upsert(entries);
        replaced += entries.length;
      }
    }
  }
  const { rows } = await pool.query<{ latents: number }>(
    'SELECT count(DISTINCT (coder_id, latent_index))::int AS latents FROM example_blobs WHERE text_source_id = $1 AND document_keys && $2::text[]',
    [source, keys],
  );
  return { added, blocks, latents: rows[0]?.latents ?? 0, withheld: byCoder.reduce((sum, { withheld }) => sum + withheld, 0), removed, replaced };
}

/**
 * Blocks that the catalogue knows of documents which were cut into stretches. What is made from blocks now bears the
 * document's own key as well; explanations of earlier versions bear the blocks' alone.
 */
async function blocksOf(pool: Pool, source: string, documents: readonly string[]): Promise<string[]> {
  const { rows } = await pool.query<{ key: string }>(
    `SELECT DISTINCT key FROM example_blobs, unnest(document_keys) AS key
      WHERE text_source_id = $1 AND key ~ '#[0-9]+$' AND regexp_replace(key, '#[0-9]+$', '') = ANY($2)`,
    [source, documents],
  );
  return rows.map(({ key }) => key);
}

function batches(items: readonly number[]): number[][] {
  return Array.from({ length: Math.ceil(items.length / BATCH) }, (_, i) => items.slice(i * BATCH, (i + 1) * BATCH));
}
