import OpenAI, { APIConnectionError, APIError } from 'openai';
import { AppError } from '#lib/errors/app-error.ts';
import type { Endpoint } from '#platform/environment/environment.ts';
import type { EmbedderClient } from './types.ts';

/** Texts a request; common servers take 2,048, small ones run out of memory before. */
const BATCH = 64;
const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * An embedder behind any OpenAI-compatible `POST /embeddings`, opened by embedding one word, which says how long its
 * vectors are. They are brought to unit length, as not every server does. `prompt` is put before every text. Opening
 * and embedding throw AppError
 * `worker_unavailable` when nothing answers in time, `upstream_failed` when the endpoint refuses.
 */
export async function openOpenAiEmbedder(endpoint: Endpoint, prompt = ''): Promise<EmbedderClient> {
  // Retries are the callers' business: a visitor's search would rather go by words than wait.
  const client = new OpenAI({ baseURL: endpoint.baseUrl, apiKey: endpoint.apiKey ?? 'none', maxRetries: 0 });
  const embedBatch = async (texts: string[], timeoutMs: number): Promise<Float32Array[]> => {
    try {
      // Asked for by name: left out, the client asks for base64, which not every server knows.
      const { data } = await client.embeddings.create(
        { model: endpoint.model, input: texts.map((text) => prompt + text), encoding_format: 'float' },
        { timeout: timeoutMs },
      );
      if (data.length !== texts.length) throw new AppError('upstream_failed', `The embedder answered ${texts.length} texts with ${data.length} vectors.`);
      return data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => unitVector(embedding));
    } catch (error) {
      throw translated(error, endpoint);
    }
  };
  const [probe] = await embedBatch(['dimensions'], DEFAULT_TIMEOUT_MS);
  return {
    id: `${endpoint.model}@${new URL(endpoint.baseUrl).host}`,
    dimensions: probe!.length,
    embed: async (texts, { timeoutMs = DEFAULT_TIMEOUT_MS } = {}) => {
      const vectors: Float32Array[] = [];
      for (let at = 0; at < texts.length; at += BATCH) vectors.push(...(await embedBatch(texts.slice(at, at + BATCH), timeoutMs)));
      return vectors;
    },
  };
}

function unitVector(values: number[]): Float32Array {
  const length = Math.hypot(...values);
  if (!Number.isFinite(length) || length === 0) throw new AppError('upstream_failed', 'The embedder answered with a vector that has no direction.');
  return Float32Array.from(values, (value) => value / length);
}

function translated(error: unknown, endpoint: Endpoint): unknown {
  if (error instanceof APIConnectionError) {
    return new AppError('worker_unavailable', `The embedder at ${endpoint.baseUrl} did not answer: check EMBEDDER_BASE_URL.`, {
      cause: error,
      retryable: true,
    });
  }
  if (error instanceof APIError) {
    return new AppError('upstream_failed', `The embedder at ${endpoint.baseUrl} refused: ${error.message}`, {
      cause: error,
      retryable: error.status === 429 || error.status === undefined || error.status >= 500,
    });
  }
  return error;
}
