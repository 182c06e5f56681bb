import { textToFloat32 } from '#lib/bytes/float32-text.ts';
import { AppError } from '#lib/errors/app-error.ts';
import { embedResponseSchema, MAX_TEXTS } from '#lib/worker-api/schema.ts';
import type { WorkerClient } from '#platform/worker/worker-client.ts';
import { splitRows } from './split-rows.ts';
import type { EmbedderClient } from './types.ts';

/** Long enough for MAX_TEXTS texts on two cores that are busy with a run. */
const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * The bundled embedder, asked in the worker. `id` and `dimensions` are the worker's to say: before its first answer
 * they throw AppError `worker_unavailable`.
 */
export function createWorkerEmbedder(client: WorkerClient): EmbedderClient {
  let known: { id: string; dimensions: number } | null = null;
  const knownNow = (): { id: string; dimensions: number } => {
    if (known === null) throw new AppError('worker_unavailable', 'The worker has not said yet which embedder it has: embed a text first.', { retryable: true });
    return known;
  };
  return {
    get id() {
      return knownNow().id;
    },
    get dimensions() {
      return knownNow().dimensions;
    },
    embed: async (texts, { timeoutMs = DEFAULT_TIMEOUT_MS } = {}) => {
      const vectors: Float32Array[] = [];
      for (let at = 0; at < texts.length; at += MAX_TEXTS) {
        const batch = texts.slice(at, at + MAX_TEXTS);
        const { embedder, dimensions, vectors: text } = await client.post('/embed', { texts: batch }, embedResponseSchema, timeoutMs);
        known = { id: embedder, dimensions };
        vectors.push(...splitRows(textToFloat32(text) ?? new Float32Array(0), batch.length, dimensions));
      }
      return vectors;
    },
  };
}
