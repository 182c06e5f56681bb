import type { Pool } from 'pg';
import { decodeExamples } from '#lib/example/blob.ts';
import { takedownKeys } from '#lib/example/document-key.ts';
import { sampleRecordSchema, type SampleRecord } from '#lib/example/sample-record.ts';
import type { Example } from '#lib/example/schema.ts';

/** A latent's examples as the sample stage stored them, without documents taken down since. */
export interface LoadedExamples {
  examples: Example[];
  /** Keys of the documents left out, by side of the split, sorted: part of the key of whatever is made from the rest. */
  takenDown: { train: string[]; test: string[] };
  /** How they were drawn. */
  record: SampleRecord;
}

/** The examples of some latents, by latent. */
export async function loadExamples(pool: Pool, coderId: bigint, sampleKey: string, latents: readonly number[]): Promise<Map<number, LoadedExamples>> {
  const { rows } = await pool.query<{ latent: number; blob: Buffer; record: unknown; suppressed: string[] | null }>(
    `SELECT b.latent_index AS latent, b.blob, b.record,
            (SELECT array_agg(s.document_key) FROM suppressed_documents s
              WHERE s.text_source_id = b.text_source_id AND s.document_key = ANY (b.document_keys)) AS suppressed
       FROM example_blobs b WHERE b.coder_id = $1 AND b.sample_key = $2 AND b.latent_index = ANY($3)`,
    [String(coderId), sampleKey, latents],
  );
  return new Map(
    rows.map(({ latent, blob, record, suppressed }) => {
      const all = decodeExamples(blob);
      const keys = new Set(suppressed ?? []);
      const isDown = ({ document }: Example): boolean => keys.size > 0 && takedownKeys(document).some((key) => keys.has(key));
      const of = (side: Example['split']): string[] =>
        [...new Set(all.filter((example) => example.split === side && isDown(example)).map(({ document }) => document))].sort();
      return [
        latent,
        { examples: all.filter((example) => !isDown(example)), takenDown: { train: of('train'), test: of('test') }, record: sampleRecordSchema.parse(record) },
      ];
    }),
  );
}

/** The part of a content key that says what was left out; nothing where nothing was, so that those keys stay as they were. */
export function takenDownKey(documents: readonly string[] | undefined): { takenDown?: readonly string[] } {
  return documents === undefined || documents.length === 0 ? {} : { takenDown: documents };
}

/** The documents that windows came from, and those that these were cut from, sorted: an explanation keeps them, so that a later takedown finds it. */
export function documentsOf(windows: readonly Pick<Example, 'document'>[]): string[] {
  return [...new Set(windows.flatMap(({ document }) => takedownKeys(document)))].sort();
}
