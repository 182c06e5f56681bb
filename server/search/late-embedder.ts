import { AppError } from '#lib/errors/app-error.ts';
import type { EmbedderClient } from '#platform/embedder/types.ts';

/** What the site needs of an embedder. */
export interface SiteEmbedder {
  embed: EmbedderClient['embed'];
  dimensions(): Promise<number>;
}

/**
 * An embedder that is opened when first asked for, and again after an opening that failed: a site does not wait for it to
 * start, nor stop because it is away. An opening that takes longer than a call's `timeoutMs` goes on for the next one.
 */
export function lateEmbedder(open: () => Promise<EmbedderClient>): SiteEmbedder {
  let opening: Promise<EmbedderClient> | null = null;
  const opened = (): Promise<EmbedderClient> => {
    opening ??= open().catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  };
  return {
    async embed(texts, options) {
      const timeoutMs = options?.timeoutMs;
      return (await (timeoutMs === undefined ? opened() : within(opened(), timeoutMs))).embed(texts, options);
    },
    dimensions: async () => (await opened()).dimensions,
  };
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AppError('worker_unavailable', `The embedder was not open after ${ms} ms.`, { retryable: true })), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
