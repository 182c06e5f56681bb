import { openDatabase } from '#platform/database/database.ts';
import { loadEnvironment } from '#platform/environment/environment.ts';
import { resolveInstance } from '#platform/instance/instance.ts';
import { createLog } from '#platform/log/log.ts';
import { estimateRun } from '#gpu-worker/estimate/estimate-run.ts';
import { createWorkerHttp } from '#gpu-worker/http/worker-http.ts';
import { createWorker } from './worker.ts';

// The worker process: takes jobs from every queue and answers the website's questions about meaning.
const environment = resolveInstance(loadEnvironment(process.env));
const log = createLog({ name: environment.workerName, level: environment.logLevel });
/** What has been started, in order; shutdown runs it backwards. */
const stops: { name: string; stop: () => Promise<void> }[] = [];
let stopping = false;
/** A job that never returned ended the process: EX_SOFTWARE of sysexits.h, told apart from a failed start in the launcher's log. */
const STUCK_EXIT_CODE = 70;
/** A visitor's question may wait for the same stuck call, and the HTTP server for its answer. */
const STUCK_STOP_MS = 20_000;

async function shutDown(code: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  for (const { name, stop } of stops.reverse()) {
    await stop().catch((error: unknown) => log.error({ event: 'stop_failed', part: name, error }));
  }
  log.info({ event: 'worker_stopped' });
  process.exit(code);
}

function endStuck(): void {
  setTimeout(() => process.exit(STUCK_EXIT_CODE), STUCK_STOP_MS);
  void shutDown(STUCK_EXIT_CODE);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void shutDown(0));

try {
  const database = await openDatabase(environment.databaseUrl);
  stops.push({ name: 'database', stop: () => database.close() });
  const worker = createWorker({ environment, database, log, onStuck: endStuck });
  stops.push({ name: 'worker', stop: () => worker.stop() });
  // Workers that only lend a core need no address: meaning is asked of the one that has the embedder's queue.
  if (environment.queues.includes('gpu')) {
    const http = createWorkerHttp({
      embedder: worker.services.embedder,
      vectorIndex: worker.vectorIndex,
      estimate: (config) => estimateRun({ ...worker.services, limits: environment.llm }, config),
      secret: environment.workerSecret,
      status: () => ({
        status: 'ok',
        uptimeSeconds: Math.round(process.uptime()),
        residentMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
        vectors: worker.vectorIndex.size,
      }),
      onError: (error) => log.error({ event: 'worker_request_failed', error }),
    });
    const url = new URL(environment.workerUrl);
    await http.listen(environment.workerHost, url.port === '' ? environment.workerPort : Number(url.port));
    stops.push({ name: 'http', stop: () => http.close() });
  }
  await worker.start();
  log.info({ event: 'worker_ready', queues: environment.queues });
  if (environment.queues.includes('gpu')) {
    // A visitor's search waits a second or two for its meaning: the model and the vectors are read before the first asks.
    const warmUp = [worker.services.embedder().then((embedder) => embedder.embed(['warm'])), worker.vectorIndex.refresh()];
    await Promise.all(warmUp).catch((error: unknown) => log.warn({ event: 'warm_up_failed', error }));
  }
} catch (error) {
  log.fatal({ event: 'worker_failed', error });
  await shutDown(1);
}
