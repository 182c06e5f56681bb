import type { Pool } from 'pg';
import type { RunFacts } from './run-facts.ts';

/** Keys of the documents of a run's text that were taken down, sorted. */
export async function takenDownKeys(pool: Pool, run: Pick<RunFacts, 'textSourceId'>): Promise<string[]> {
  const { rows } = await pool.query<{ key: string }>('SELECT document_key AS key FROM suppressed_documents WHERE text_source_id = $1 ORDER BY 1', [
    String(run.textSourceId),
  ]);
  return rows.map(({ key }) => key);
}
