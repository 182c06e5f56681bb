import type { Pool } from 'pg';
import { isAppError } from '#lib/errors/app-error.ts';
import { decodeExamples } from '#lib/example/blob.ts';
import { takedownKeys } from '#lib/example/document-key.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { readDataSet } from '#gpu-worker/activations/data-set.ts';
import { deletePromptsHolding } from '#gpu-worker/llm/requests/delete-prompts.ts';
import { TextTraces } from '#gpu-worker/llm/requests/text-traces.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';

export interface PromptTakedown {
  /** Kept calls that were looked through. */
  read: number;
  /** Of these, prompts and answers that are gone for good. */
  deleted: number;
  /** Data sets of runs on this text that are not there any more: of those only the windows that stand in examples could be looked for. */
  gone: number;
}

/** Latents' examples read a query. */
const BLOBS = 100;

/**
 * Deletes the prompts to language models that hold text of documents taken down, wherever they lie, and whatever they were
 * asked for: the documents' text is read from the runs' data sets and from examples, and looked for in every prompt kept.
 *
 * @param text slug of the text that they are part of; an unknown one has no prompts
 */
export async function takeDownPrompts(
  { pool, artifacts }: { pool: Pool; artifacts: ArtifactStore },
  { text, documents }: { text: string; documents: readonly string[] },
): Promise<PromptTakedown> {
  const source = (await pool.query<{ id: string }>('SELECT id::text FROM text_sources WHERE slug = $1', [text])).rows[0]?.id;
  if (source === undefined) return { read: 0, deleted: 0, gone: 0 };
  const traces = new TextTraces();
  const isDown = (document: string): boolean => takedownKeys(document).some((key) => documents.includes(key));
  const gone = await addDataSets({ pool, artifacts }, source, isDown, traces);
  await addExamples(pool, source, isDown, traces);
  return { ...(await deletePromptsHolding(pool, artifacts, source, traces)), gone };
}

/** @returns how many data sets are not there any more */
async function addDataSets(
  { pool, artifacts }: { pool: Pool; artifacts: ArtifactStore },
  source: string,
  isDown: (document: string) => boolean,
  traces: TextTraces,
): Promise<number> {
  const { rows } = await pool.query<{ key: string; model: string }>(
    `SELECT DISTINCT ON (key) r.results->>'dataKey' AS key, m.location AS model FROM runs r JOIN models m ON m.id = r.model_id
      WHERE r.text_source_id = $1 AND r.results ? 'dataKey' ORDER BY key`,
    [source],
  );
  let gone = 0;
  for (const { key, model } of rows) {
    try {
      const data = await readDataSet(artifacts, key);
      const tokenizer = await openTokenizer(model);
      for (let row = 0; row < data.rows; row++) {
        const document = data.documents[data.document[row]!]!;
        if (!isDown(document.key)) continue;
        const at = row * data.rowLength;
        traces.add(tokenizer.decode(data.tokens.subarray(at, at + data.length[row]!)));
      }
    } catch (error) {
      if (!isAppError(error) || error.code !== 'not_found') throw error;
      gone += 1;
    }
  }
  return gone;
}

async function addExamples(pool: Pool, source: string, isDown: (document: string) => boolean, traces: TextTraces): Promise<void> {
  const { rows } = await pool.query<{ keys: string[] }>(
    `SELECT array_agg(DISTINCT key) AS keys FROM example_blobs, unnest(document_keys) AS key WHERE text_source_id = $1`,
    [source],
  );
  const keys = (rows[0]?.keys ?? []).filter(isDown);
  if (keys.length === 0) return;
  for (let after: { coder: string; id: string } | null = { coder: '0', id: '0' }; after !== null;) {
    const found: { rows: { coder: string; id: string; blob: Uint8Array }[] } = await pool.query(
      `SELECT coder_id::text AS coder, id::text, blob FROM example_blobs
        WHERE text_source_id = $1 AND document_keys && $2::text[] AND (coder_id, id) > ($3, $4) ORDER BY coder_id, id LIMIT $5`,
      [source, keys, after.coder, after.id, BLOBS],
    );
    for (const { blob } of found.rows) {
      for (const { document, tokens } of decodeExamples(blob)) if (isDown(document)) traces.add(tokens.join(''));
    }
    after = found.rows.length < BLOBS ? null : found.rows.at(-1)!;
  }
}
