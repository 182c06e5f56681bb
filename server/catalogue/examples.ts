import type { Pool } from 'pg';
import { decodeExamples } from '#lib/example/blob.ts';
import { takedownKeys } from '#lib/example/document-key.ts';
import type { Example } from '#lib/example/schema.ts';

export interface BlobRow {
  blob: Buffer;
  text_source_id: string;
  document_keys: string[];
}

export interface VisibleExamples {
  examples: Example[];
  /** Windows whose document was taken down. */
  suppressed: Example[];
}

/** Which of the blobs' documents were taken down, as `<text source>/<document>`: one question for any number of blobs. */
export async function takenDown(pool: Pool, blobs: readonly BlobRow[]): Promise<Set<string>> {
  if (blobs.length === 0) return new Set();
  const sources = [...new Set(blobs.map((blob) => blob.text_source_id))];
  const { rows } = await pool.query<{ text_source_id: string; document_key: string }>(
    `select text_source_id, document_key from suppressed_documents where text_source_id = any($1::bigint[]) and document_key = any($2::text[])`,
    [sources, [...new Set(blobs.flatMap((blob) => blob.document_keys))]],
  );
  return new Set(rows.map((row) => documentId(row.text_source_id, row.document_key)));
}

/** A blob's windows, those of documents taken down apart. Every reader of examples goes through here. */
export function visibleExamples(blob: BlobRow, down: ReadonlySet<string>): VisibleExamples {
  const result: VisibleExamples = { examples: [], suppressed: [] };
  for (const example of decodeExamples(blob.blob)) {
    const hidden = down.size > 0 && takedownKeys(example.document).some((key) => down.has(documentId(blob.text_source_id, key)));
    (hidden ? result.suppressed : result.examples).push(example);
  }
  return result;
}

/** The window that fires the latent most, among those that may be shown; null for none. */
export function topExample(blob: BlobRow, down: ReadonlySet<string>): Example | null {
  let top: Example | null = null;
  for (const example of visibleExamples(blob, down).examples) {
    if (example.kind === 'activating' && (top === null || example.maxActivation > top.maxActivation)) top = example;
  }
  return top;
}

/**
 * The top window of many latents, in two questions whatever their number.
 * Keys are `<coder id>/<latent index>`; latents without examples are left out.
 */
export async function topExamples(pool: Pool, latents: readonly { coderId: string; index: number }[]): Promise<Map<string, Example>> {
  if (latents.length === 0) return new Map();
  const { rows } = await pool.query<BlobRow & { coder_id: string; latent_index: number }>(
    `select e.coder_id, e.latent_index, e.blob, e.text_source_id, e.document_keys
     from unnest($1::bigint[], $2::int[]) as wanted(coder_id, index)
     join latents l on l.coder_id = wanted.coder_id and l.index = wanted.index
     join example_blobs e on e.coder_id = l.coder_id and e.latent_index = l.index and e.sample_key = l.sample_key`,
    [latents.map((latent) => latent.coderId), latents.map((latent) => latent.index)],
  );
  const down = await takenDown(pool, rows);
  const tops = new Map<string, Example>();
  for (const row of rows) {
    const top = topExample(row, down);
    if (top !== null) tops.set(`${row.coder_id}/${row.latent_index}`, top);
  }
  return tops;
}

const documentId = (textSourceId: string, key: string): string => `${textSourceId}/${key}`;
