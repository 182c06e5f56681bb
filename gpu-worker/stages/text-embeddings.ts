import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { decodeFloat16, encodeFloat16 } from '#lib/bytes/float16.ts';
import { copyRows } from '#platform/database/copy-rows.ts';

export const textHash = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Stored vectors of texts by hash; texts never embedded are missing. */
export async function loadEmbeddings(db: Pool | PoolClient, embedder: string, hashes: readonly string[]): Promise<Map<string, Float32Array>> {
  const { rows } = await db.query<{ hash: string; vector: Buffer }>(
    'SELECT text_hash AS hash, vector FROM text_embeddings WHERE embedder = $1 AND text_hash = ANY($2)',
    [embedder, [...new Set(hashes)]],
  );
  return new Map(rows.map(({ hash, vector }) => [hash, decodeFloat16(vector)]));
}

/** Keeps vectors, by embedder and text hash; a text that somebody else embedded meanwhile is left as it is. Once a transaction. */
export async function storeEmbeddings(client: PoolClient, made: ReadonlyMap<string, ReadonlyMap<string, Float32Array>>): Promise<void> {
  await client.query('CREATE TEMP TABLE new_embeddings (LIKE text_embeddings) ON COMMIT DROP');
  await copyRows(
    client,
    'new_embeddings',
    ['embedder', 'text_hash', 'vector'],
    [...made].flatMap(([embedder, vectors]) => [...vectors].map(([hash, vector]) => [embedder, hash, encodeFloat16(vector)])),
  );
  await client.query('INSERT INTO text_embeddings SELECT * FROM new_embeddings ORDER BY embedder, text_hash ON CONFLICT DO NOTHING');
}
