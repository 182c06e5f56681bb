import { isAppError } from '#lib/errors/app-error.ts';
import type { EmbedderClient } from '#platform/embedder/types.ts';

/** The vector of a query's text, or null when no embedder answers in time: then search goes by words alone. */
export type QueryVectors = (text: string) => Promise<Float32Array | null>;

export interface QueryVectorOptions {
  /** Longest a visitor waits for meaning before getting words. */
  timeoutMs: number;
  /** Texts whose vectors are kept: at 384 float32 a piece, 1,000 are 1.5 MB. */
  capacity: number;
  onUnavailable: (error: unknown) => void;
}

/**
 * Query vectors through the embedder, the most recently used kept, since visitors page, filter and share the same
 * queries. An embedder that does not answer, or refuses, is reported and forgiven: its troubles are not the visitor's. A bug
 * is thrown.
 */
export function createQueryVectors(embedder: Pick<EmbedderClient, 'embed'> | null, options: QueryVectorOptions): QueryVectors {
  const kept = new Map<string, Promise<Float32Array>>();
  return async (text) => {
    if (embedder === null || text === '') return null;
    const known = kept.get(text);
    kept.delete(text);
    const vector = known ?? first(embedder.embed([text], { timeoutMs: options.timeoutMs }));
    kept.set(text, vector);
    if (kept.size > options.capacity) kept.delete(kept.keys().next().value!);
    try {
      return await vector;
    } catch (error) {
      if (kept.get(text) === vector) kept.delete(text);
      if (!isAppError(error)) throw error;
      options.onUnavailable(error);
      return null;
    }
  };
}

async function first(vectors: Promise<Float32Array[]>): Promise<Float32Array> {
  const [vector] = await vectors;
  if (vector === undefined) throw new RangeError('the embedder gave no vector for one text');
  return vector;
}
