import { Meilisearch, MeilisearchApiError, MeilisearchError } from 'meilisearch';
import { AppError, isAppError } from '#lib/errors/app-error.ts';
import { searchIndex } from './meilisearch/search.ts';
import { ensureSearchKey } from './meilisearch/search-key.ts';
import { finish, indexExists, prepareIndex, rebuildIndex, rebuildName, removeDocuments, writeDocuments } from './meilisearch/write.ts';
import type { SearchEngine } from './types.ts';

export interface MeilisearchOptions {
  url: string;
  /** May write; null in a process that only searches. Searches never use it while a key that only searches can be had. */
  key: string | null;
  /** May only search; null: one is made with `key`. */
  searchKey: string | null;
  /** Numbers in a vector; asked for when the index is prepared or rebuilt. */
  dimensions: () => Promise<number>;
  /** Name of the index. */
  index?: string;
}

/** Longest an ordinary request may take. */
const REQUEST_TIMEOUT_MS = 15_000;

/**
 * Search by a Meilisearch server, 1.13 or later (vectors and `multi-search`). Everything it throws is AppError
 * `upstream_failed`, retryable when the server did not answer, or `forbidden` when it refused the key.
 */
export function createMeilisearchEngine({ url, key, searchKey, dimensions, index = 'latents' }: MeilisearchOptions): SearchEngine {
  const connect = (apiKey: string | null): Meilisearch => new Meilisearch({ host: url, timeout: REQUEST_TIMEOUT_MS, ...(apiKey === null ? {} : { apiKey }) });
  const writer = connect(key);
  let reader: Promise<Meilisearch> | null = searchKey === null ? null : Promise.resolve(connect(searchKey));
  const openReader = (): Promise<Meilisearch> => {
    reader ??= ensureSearchKey(writer, index).then((made) => (made === null ? writer : connect(made)));
    // A server that was away is asked again by the next search.
    reader.catch(() => (reader = null));
    return reader;
  };

  return {
    name: 'meilisearch',
    prepare: () => translated(async () => prepareIndex(writer, index, await dimensions())),
    upsert: (documents, signal) =>
      translated(async () => {
        await writeDocuments(writer, index, documents, signal);
        // A rebuild under way would otherwise bring back what this replaced.
        if (await indexExists(writer, rebuildName(index))) await writeDocuments(writer, rebuildName(index), documents, signal);
      }),
    remove: (coderId, latents, signal) =>
      translated(async () => {
        await removeDocuments(writer, index, coderId, latents, signal);
        if (await indexExists(writer, rebuildName(index))) await removeDocuments(writer, rebuildName(index), coderId, latents, signal);
      }),
    clear: () => translated(() => finish(writer.index(index).deleteAllDocuments())),
    count: () => translated(async () => (await (await openReader()).index(index).search('', { limit: 0 })).estimatedTotalHits),
    rebuild: (batches) => translated(async () => rebuildIndex(writer, index, await dimensions(), batches)),
    search: (query, vector) => translated(async () => searchIndex(await openReader(), index, query, vector)),
    close: async () => {},
  };
}

/** Runs `work` with Meilisearch's own errors turned into ours. */
async function translated<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (isAppError(error) || !(error instanceof MeilisearchError)) throw error;
    if (!(error instanceof MeilisearchApiError)) {
      throw new AppError('upstream_failed', 'Meilisearch does not answer: check that it runs at MEILI_URL.', { cause: error, retryable: true });
    }
    if (error.response.status === 401 || error.response.status === 403) {
      throw new AppError('forbidden', `Meilisearch refused the key: ${error.message} Check MEILI_MASTER_KEY and MEILI_SEARCH_KEY.`, { cause: error });
    }
    throw new AppError('upstream_failed', `Meilisearch refused the request: ${error.message}`, { cause: error, retryable: error.response.status >= 500 });
  }
}
