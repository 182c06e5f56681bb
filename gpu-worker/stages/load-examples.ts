import type { Pool } from 'pg';
import { decodeExamples } from '#lib/example/blob.ts';
import type { Example } from '#lib/example/schema.ts';

/** The examples of some latents by latent, as the sample stage stored them; documents taken down since are left out. */
export async function loadExamples(pool: Pool, coderId: bigint, sampleKey: string, latents: readonly number[]): Promise<Map<number, Example[]>> {
  const { rows } = await pool.query<{ latent: number; blob: Buffer; suppressed: string[] | null }>(
    `SELECT b.latent_index AS latent, b.blob,
            (SELECT array_agg(s.document_key) FROM suppressed_documents s
              WHERE s.text_source_id = b.text_source_id AND s.document_key = ANY (b.document_keys)) AS suppressed
       FROM example_blobs b WHERE b.coder_id = $1 AND b.sample_key = $2 AND b.latent_index = ANY($3)`,
    [String(coderId), sampleKey, latents],
  );
  return new Map(
    rows.map(({ latent, blob, suppressed }) => {
      const examples = decodeExamples(blob);
      return [latent, suppressed ? examples.filter(({ document }) => !suppressed.includes(document)) : examples];
    }),
  );
}
