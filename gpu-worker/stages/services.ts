import type { Pool } from 'pg';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import type { Log } from '#platform/log/log.ts';
import type { SearchEngine } from '#platform/search/types.ts';
import type { PriceTable } from '#lib/llm/price-of.ts';
import type { Embedder } from '#gpu-worker/embed/embedder.ts';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import type { CompletionClient } from '#gpu-worker/llm/completion-client.ts';
import type { RequestStore } from '#gpu-worker/llm/requests/request-store.ts';
import type { Device } from '#gpu-worker/model/onnx.ts';
import type { RunCache } from './run-cache.ts';

/** What the job handlers need of the outside world. */
export interface WorkerServices {
  pool: Pool;
  artifacts: ArtifactStore;
  search: SearchEngine;
  /** Null when no language model is configured. Runs ask it through `chatForRun`, which keeps every call. */
  chat: ChatClient | null;
  /** A model that tells how likely it finds a text; null where none is configured. */
  completions: CompletionClient | null;
  /** Every call to a language model: claimed, kept, counted. Null where nothing is kept, as in tests of other things. */
  requests: RequestStore | null;
  /** Prices of language models, the instance's own first. */
  prices: PriceTable;
  /** The process's one sentence embedder, opened when first asked for and shared with the HTTP API. */
  embedder(): Promise<Embedder>;
  /** Threads of the numeric runtime; undefined: as many as there are cores. */
  threads: number | undefined;
  /** What models are run on. */
  device: Device;
  log: Log;
  cache: RunCache;
  /** Open model sessions. Apart from `cache`, and asked only by the `gpu` queue, which runs one job at a time: a session is closed when another is opened and must not be in use then. */
  models: RunCache;
}
