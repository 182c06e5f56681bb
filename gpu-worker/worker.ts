import os from 'node:os';
import type { Database } from '#platform/database/database.ts';
import { openArtifacts } from '#platform/artifacts/open-artifacts.ts';
import type { InstanceEnvironment } from '#platform/instance/instance.ts';
import type { Log } from '#platform/log/log.ts';
import type { QueueName } from '#lib/jobs/job.ts';
import { createTaskQueue, type TaskQueue } from '#platform/queue/task-queue.ts';
import type { StuckTask } from '#platform/queue/types.ts';
import { createSearchEngine } from '#platform/search/create-search-engine.ts';
import { chooseEmbedder } from '#gpu-worker/embed/choose-embedder.ts';
import type { Embedder } from '#gpu-worker/embed/embedder.ts';
import { createVectorIndex, type VectorIndex } from '#gpu-worker/embed/vector-index.ts';
import { llmTasksAtOnce } from '#gpu-worker/llm/tasks-at-once.ts';
import { createChatClient } from '#gpu-worker/llm/create-chat-client.ts';
import { createCompletionClient } from '#gpu-worker/llm/create-completion-client.ts';
import { readPrices } from '#gpu-worker/llm/read-prices.ts';
import { createRequestStore } from '#gpu-worker/llm/requests/request-store.ts';
import { deviceFor } from '#gpu-worker/model/providers.ts';
import { advanceRun } from '#gpu-worker/stages/advance.ts';
import { taskHandlers } from '#gpu-worker/stages/handlers.ts';
import { storeFailedEntered } from '#gpu-worker/stages/score-entered.ts';
import { createRunCache } from '#gpu-worker/stages/run-cache.ts';
import type { WorkerServices } from '#gpu-worker/stages/services.ts';

/** Jobs of a queue at a time: the numeric runtime uses every core by itself. */
const CONCURRENCY: Record<Exclude<QueueName, 'llm'>, number> = { gpu: 1, cpu: 1 };
/** Data sets, backgrounds and window vectors of the runs in hand; a run needs four. */
const CACHED_THINGS = 12;

export interface Worker {
  services: WorkerServices;
  vectorIndex: VectorIndex;
  queue: TaskQueue;
  /** Take jobs from the environment's queues until `stop`. */
  start(): Promise<void>;
  /** Stops taking jobs, hands unfinished ones back and closes what was opened. */
  stop(): Promise<void>;
}

export interface WorkerParts {
  environment: InstanceEnvironment;
  database: Database;
  log: Log;
  /** Stable over restarts of the same worker, so that it can take back at once what its predecessor held. */
  workerId?: string;
  /** Called when a job is stuck in something that only the end of the process ends; its attempt is counted as failed by then. */
  onStuck: (task: StuckTask) => void;
}

/** Joins what a worker consists of. Opens the queue's connection in `start`, models when a job needs them. */
export function createWorker({ environment, database, log, workerId = `${os.hostname()}-${environment.workerName}`, onStuck }: WorkerParts): Worker {
  const threads = environment.threads ?? undefined;
  const [cache, models] = [createRunCache(CACHED_THINGS), createRunCache(1)];
  let opened: Promise<Embedder> | undefined;
  let stuck = false;
  const say = (sentence: string): void => log.info({ event: 'hub', sentence });
  // One that could not be opened, its endpoint away, is tried anew by whoever asks next.
  const embedder = (): Promise<Embedder> =>
    (opened ??= chooseEmbedder(environment, say).catch((error: unknown) => {
      opened = undefined;
      throw error;
    }));
  const vectorIndex = createVectorIndex({
    pool: database.pool,
    ...(threads === undefined ? {} : { threads }),
    onError: (error) => log.warn({ event: 'vector_index_behind', error }),
  });
  const llm = createChatClient(environment, database.pool, say);
  const reading = createCompletionClient(environment, database.pool, say, llm?.limiter ?? null);
  const artifacts = openArtifacts(environment.artifactsDir, environment.s3);
  const requests = createRequestStore({
    pool: database.pool,
    artifacts,
    workerId,
    inHand: 2 * Math.max(1, (llm?.chat.slots ?? 0) + (reading?.completions.slots ?? 0)),
    onError: (error) => log.warn({ event: 'llm_requests_failed', error }),
  });
  const services: WorkerServices = {
    pool: database.pool,
    artifacts,
    search: createSearchEngine({ ...environment, dimensions: async () => (await embedder()).dimensions, pool: database.pool, vectorScan: vectorIndex }),
    chat: llm?.chat ?? null,
    completions: reading?.completions ?? null,
    requests,
    prices: readPrices(environment.llmPrices),
    embedder,
    threads,
    device: deviceFor(environment.device),
    log,
    cache,
    models,
  };
  const queue = createTaskQueue({
    pool: database.pool,
    log,
    workerId,
    onStuck(task) {
      stuck = true;
      onStuck(task);
    },
  });
  return {
    services,
    vectorIndex,
    queue,
    async start() {
      await services.search.prepare();
      await queue.start();
      const handlers = taskHandlers(services);
      const advance = advanceRun(services, queue.enqueue);
      for (const name of environment.queues)
        await queue.work(name, { concurrency: name === 'llm' ? llmTasksAtOnce(llm?.chat.slots ?? 1) : CONCURRENCY[name] }, handlers, {
          advance,
          onTaskFailed: storeFailedEntered,
        });
    },
    async stop() {
      await queue.stop();
      // What a stuck call holds never closes; the process is about to end.
      if (stuck) return;
      await models.clear();
      await cache.clear();
      await requests.close();
      await llm?.close();
      await reading?.close();
      await services.search.close();
      await vectorIndex.close();
      await (await opened)?.close();
    },
  };
}
