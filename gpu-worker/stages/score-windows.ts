import { ATLAS_PROTOCOL } from '#lib/example/protocol.ts';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import { readDataSet } from '#gpu-worker/activations/data-set.ts';
import { windowShardKey, writeWindowShard } from '#gpu-worker/activations/window-embeddings.ts';
import { shownSpan } from '#gpu-worker/examples/shown-span.ts';
import { tilesOf } from '#gpu-worker/examples/windows.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { loadRun, requireFact, type RunFacts } from './run-facts.ts';
import type { WorkerServices } from './services.ts';
import { yieldNow } from './yield-now.ts';

/** Texts in one call of the embedder: progress moves and a stop is heard a few times a second. */
const SLICE = 64;

/** Address of a run's window embeddings. */
export const windowEmbeddingsKey = (run: RunFacts, embedder: string): string =>
  contentKey({ version: ALGORITHM_VERSIONS.windowEmbeddings, data: requireFact(run, 'dataKey'), embedder });

/** Embeds a shard of the test windows. */
export function scoreWindows(services: WorkerServices): TaskHandler<'score.windows'> {
  return async ({ runId, shard, first, count }, context) => {
    const run = await loadRun(services.pool, runId);
    const dataKey = requireFact(run, 'dataKey');
    const embedder = await services.embedder();
    const key = windowEmbeddingsKey(run, embedder.id);
    const started = performance.now();
    const reused = await services.artifacts.has(windowShardKey(key, shard));
    if (!reused) {
      const data = await services.cache.get(`data:${dataKey}`, () => readDataSet(services.artifacts, dataKey));
      const tokenizer = await services.cache.get(`tokenizer:${run.modelLocation}`, () => openTokenizer(run.modelLocation));
      const windows = tilesOf(data, ATLAS_PROTOCOL.windowLength, 'test').slice(first, first + count);
      const texts = Array.from(windows, (window) => {
        const { row, start, end } = shownSpan(data, window);
        return tokenizer.decode(data.tokens.subarray(row * data.rowLength + start, row * data.rowLength + end));
      });
      const vectors = new Float32Array(windows.length * embedder.dimensions);
      for (let i = 0; i < texts.length; i += SLICE) {
        await yieldNow(context.signal);
        vectors.set(await embedder.embed(texts.slice(i, i + SLICE)), i * embedder.dimensions);
        context.progress(Math.min(texts.length, i + SLICE));
      }
      await writeWindowShard(services.artifacts, key, shard, windows, vectors);
    }
    await context.commit(async () => ({ windows: count, seconds: (performance.now() - started) / 1000, reused }));
  };
}
