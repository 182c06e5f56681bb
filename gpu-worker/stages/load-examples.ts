import type { Pool } from 'pg';
import { decodeExamples } from '#lib/example/blob.ts';
import type { Example } from '#lib/example/schema.ts';

/** A latent's examples as the sample stage stored them, without documents taken down since. */
export interface LoadedExamples {
  examples: Example[];
  /** Keys of the documents left out, by side of the split, sorted: part of the key of whatever is made from the rest. */
  takenDown: { train: string[]; test: string[] };
}

/** The examples of some latents, by latent. */
export async function loadExamples(pool: Pool, coderId: bigint, sampleKey: string, latents: readonly number[]): Promise<Map<number, LoadedExamples>> {
  const { rows } = await pool.query<{ latent: number; blob: Buffer; suppressed: string[] | null }>(
    `SELECT b.latent_index AS latent, b.blob,
            (SELECT array_agg(s.document_key) FROM suppressed_documents s
              WHERE s.text_source_id = b.text_source_id AND s.document_key = ANY (b.document_keys)) AS suppressed
       FROM example_blobs b WHERE b.coder_id = $1 AND b.sample_key = $2 AND b.latent_index = ANY($3)`,
    [String(coderId), sampleKey, latents],
  );
  return new Map(
    rows.map(({ latent, blob, suppressed }) => {
      const all = decodeExamples(blob);
      const down = new Set(suppressed ?? []);
      const of = (side: Example['split']): string[] =>
        [...new Set(all.filter(({ split, document }) => split === side && down.has(document)).map(({ document }) => document))].sort();
      return [latent, { examples: all.filter(({ document }) => !down.has(document)), takenDown: { train: of('train'), test: of('test') } }];
    }),
  );
}

/** The part of a content key that says what was left out; nothing where nothing was, so that those keys stay as they were. */
export function takenDownKey(documents: readonly string[] | undefined): { takenDown?: readonly string[] } {
  return documents === undefined || documents.length === 0 ? {} : { takenDown: documents };
}

/** The documents that windows came from, sorted: an explanation keeps them, so that a later takedown finds it. */
export function documentsOf(windows: readonly Pick<Example, 'document'>[]): string[] {
  return [...new Set(windows.map(({ document }) => document))].sort();
}
