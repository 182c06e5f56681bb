import { transaction } from '#platform/database/transaction.ts';
import { loadSearchDocuments } from '#platform/search/documents.ts';
import { refreshHeadlines } from './headlines.ts';
import { loadRun } from './run-facts.ts';
import type { WorkerServices } from './services.ts';

/**
 * Brings headlines and search index up to date for some latents of a run, with the scores and vectors there are now;
 * returns how many documents went in. Idempotent. `progress` is told the count so far. Throws the reason of an aborted
 * `signal` between two batches, and where the index itself is waited for.
 */
export async function searchable(
  { pool, search, embedder }: Pick<WorkerServices, 'pool' | 'search' | 'embedder'>,
  runId: string,
  latents: readonly number[],
  { progress, signal }: { progress?: (indexed: number) => void; signal?: AbortSignal } = {},
): Promise<number> {
  signal?.throwIfAborted();
  const run = await loadRun(pool, runId);
  await transaction(pool, (client) => refreshHeadlines(client, run.coderId, latents));
  const { id } = await embedder();
  let indexed = 0;
  for await (const documents of loadSearchDocuments(pool, { embedder: id, coderId: run.coderId, latents })) {
    signal?.throwIfAborted();
    await search.upsert(documents, signal);
    indexed += documents.length;
    progress?.(indexed);
  }
  return indexed;
}
