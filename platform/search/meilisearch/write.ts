import { type EnqueuedTaskPromise, type Meilisearch, MeilisearchApiError, MeilisearchTaskTimeOutError, type Task } from 'meilisearch';
import { AppError } from '#lib/errors/app-error.ts';
import type { SearchDocument } from '#lib/search/schema.ts';
import { keyOf, type StoredDocument, toStored } from './documents.ts';
import { indexSettings } from './settings.ts';

/** Documents a request: 500 vectors of 384 are 4 MB of JSON. */
const BATCH = 500;
/** Longest to wait for a task: a settings change re-indexes, which takes minutes at a million documents. */
const TASK_TIMEOUT_MS = 600_000;
/** How soon a wait heeds its signal. */
const SLICE_MS = 500;

/**
 * Wait until a task is through. Throws AppError `upstream_failed` with Meilisearch's reason when it failed, and the
 * signal's reason when that is aborted: Meilisearch does the task all the same, and nobody waits for it.
 */
export async function finish(task: EnqueuedTaskPromise, signal?: AbortSignal): Promise<void> {
  const { status, error, type } = await through(task, signal);
  if (status === 'succeeded') return;
  throw new AppError('upstream_failed', `Meilisearch did not finish ${type}: ${error?.message ?? status}.`, { cause: error ?? undefined });
}

async function through(task: EnqueuedTaskPromise, signal?: AbortSignal): Promise<Task> {
  const until = performance.now() + TASK_TIMEOUT_MS;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await task.waitTask({ timeout: SLICE_MS, interval: 25 });
    } catch (error) {
      if (!(error instanceof MeilisearchTaskTimeOutError) || performance.now() > until) throw error;
    }
  }
}

export async function indexExists(client: Meilisearch, index: string): Promise<boolean> {
  try {
    await client.getRawIndex(index);
    return true;
  } catch (error) {
    if (error instanceof MeilisearchApiError && error.cause?.code === 'index_not_found') return false;
    throw error;
  }
}

/** An index with our settings, made when missing. */
export async function prepareIndex(client: Meilisearch, index: string, dimensions: number): Promise<void> {
  if (!(await indexExists(client, index))) await finish(client.createIndex(index, { primaryKey: 'key' }));
  await finish(client.index(index).updateSettings(indexSettings(dimensions)));
}

export async function writeDocuments(client: Meilisearch, index: string, documents: readonly SearchDocument[], signal?: AbortSignal): Promise<void> {
  for (let at = 0; at < documents.length; at += BATCH) {
    await finish(client.index<StoredDocument>(index).addDocuments(documents.slice(at, at + BATCH).map(toStored), { primaryKey: 'key' }), signal);
  }
}

export async function removeDocuments(client: Meilisearch, index: string, coderId: string, latents: readonly number[], signal?: AbortSignal): Promise<void> {
  if (latents.length === 0) return;
  await finish(client.index(index).deleteDocuments(latents.map((latent) => keyOf(coderId, latent))), signal);
}

/** The index that a rebuild fills beside the one that is searched. */
export const rebuildName = (index: string): string => `${index}_rebuild`;

/**
 * Fill a second index and swap it with the first in one step, so that no search sees a gap. Returns how many came in.
 * What others upsert meanwhile goes into both: see `upsert` of the engine.
 */
export async function rebuildIndex(client: Meilisearch, index: string, dimensions: number, batches: AsyncIterable<SearchDocument[]>): Promise<number> {
  const beside = rebuildName(index);
  if (await indexExists(client, beside)) await finish(client.deleteIndex(beside));
  await prepareIndex(client, beside, dimensions);
  if (!(await indexExists(client, index))) await finish(client.createIndex(index, { primaryKey: 'key' }));
  let count = 0;
  for await (const batch of batches) {
    await writeDocuments(client, beside, batch);
    count += batch.length;
  }
  await finish(client.swapIndexes([{ indexes: [index, beside], rename: false }]));
  await finish(client.deleteIndex(beside));
  return count;
}
