import { loadSearchDocuments } from '#platform/search/documents.ts';
import { transaction } from '#platform/database/transaction.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { refreshHeadlines } from './headlines.ts';
import { loadRun } from './run-facts.ts';
import type { WorkerServices } from './services.ts';

/** Brings the headlines and the search index up to date for a batch of latents. */
export function indexLatents(services: WorkerServices): TaskHandler<'index.latents'> {
  return async ({ runId, latents }, context) => {
    const run = await loadRun(services.pool, runId);
    // Before the commit that completes the task: a kill between the two repeats both, and both are idempotent.
    await transaction(services.pool, (client) => refreshHeadlines(client, run.coderId, latents));
    const embedder = await services.embedder();
    let indexed = 0;
    for await (const documents of loadSearchDocuments(services.pool, { embedder: embedder.id, coderId: run.coderId, latents })) {
      await services.search.upsert(documents);
      indexed += documents.length;
      context.progress(indexed);
    }
    await context.commit(async () => ({ indexed }));
  };
}
