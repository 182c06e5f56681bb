import { protocolNamed } from '#lib/example/protocol.ts';
import { readDataSet, type DataSet } from '#gpu-worker/activations/data-set.ts';
import { readWindowEmbeddings, windowShardCount, windowShardKey, writeWindowShard, type WindowEmbeddings } from '#gpu-worker/activations/window-embeddings.ts';
import { meaningfulTokens, windowEmbeddingsKey } from '#gpu-worker/examples/embed-windows.ts';
import { examWindows } from '#gpu-worker/examples/exam-windows.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { plannedEmbedder } from './plan-sample.ts';
import { loadRun, requireFact, type RunFacts } from './run-facts.ts';
import type { WorkerServices } from './services.ts';
import { yieldNow } from './yield-now.ts';

/** Texts in one call of the embedder: progress moves and a stop is heard several times a second, on a machine with other work to do as well. */
const SLICE = 32;

/** Embeds a shard of the windows that the run's exams may hold. */
export function sampleWindows(services: WorkerServices): TaskHandler<'sample.windows'> {
  return async ({ runId, shard, first, count }, context) => {
    const run = await loadRun(services.pool, runId);
    const protocol = protocolNamed(run.config.protocol);
    const embedder = await plannedEmbedder(services, run);
    const key = windowEmbeddingsKey(requireFact(run, 'dataKey'), protocol, embedder.id);
    const started = performance.now();
    const reused = await services.artifacts.has(windowShardKey(key, shard));
    if (!reused) {
      const data = await dataOf(services, run);
      const tokenizer = await services.cache.get(`tokenizer:${run.modelLocation}`, () => openTokenizer(run.modelLocation));
      const windows = examWindows(data, protocol).slice(first, first + count);
      const texts = Array.from(windows, (origin) => tokenizer.decode(meaningfulTokens(data.tokens, origin, protocol.windowLength, data.bos)));
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

/** The vectors of a run's exam windows by one embedder, all of them in memory. Throws AppError `not_found` while they are not made. */
export async function runWindowEmbeddings(services: WorkerServices, run: RunFacts, embedder: string): Promise<WindowEmbeddings> {
  const protocol = protocolNamed(run.config.protocol);
  const key = windowEmbeddingsKey(requireFact(run, 'dataKey'), protocol, embedder);
  return services.cache.get(`windows:${key}`, async () =>
    readWindowEmbeddings(services.artifacts, key, windowShardCount(examWindows(await dataOf(services, run), protocol).length)),
  );
}

function dataOf(services: WorkerServices, run: RunFacts): Promise<DataSet> {
  const key = requireFact(run, 'dataKey');
  return services.cache.get(`data:${key}`, () => readDataSet(services.artifacts, key));
}
