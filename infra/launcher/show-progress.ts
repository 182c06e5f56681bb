import type { Pool } from 'pg';
import type { Log } from '#platform/log/log.ts';
import type { Console } from './console.ts';
import { statusLine } from './progress-line.ts';
import { currentRun, type RunView } from './run-watch.ts';

const POLL_MS = 1000;
/** Where lines scroll by instead of changing in place. */
const LINE_EVERY_MS = 5000;

/** Show the progress of the run at hand until stopped: a status line on a terminal, an event every five seconds elsewhere. */
export function showProgress(pool: Pool, terminal: Console, log: Log): () => Promise<void> {
  let told: string | null = null;
  /** Runs that were said to wait, each once. */
  const toldWaiting = new Set<string>();
  let lastLine = 0;
  let busy: Promise<void> = Promise.resolve();

  function show(run: RunView | null): void {
    const running = run !== null && (run.state === 'running' || run.state === 'queued');
    terminal.status(running ? (statusLine(run) ?? '') : '');
    if (run === null) return;
    if (!running && told === run.id) {
      told = null;
      const seconds = run.startedAt && run.endedAt ? Math.round((run.endedAt.getTime() - run.startedAt.getTime()) / 100) / 10 : null;
      if (run.state === 'failed') log.error({ event: 'run_failed', run: run.id, ...run.failure });
      else log.info({ event: `run_${run.state}`, run: run.id, seconds });
    }
    if (!running) return;
    told = run.id;
    for (const id of run.waiting.filter((id) => !toldWaiting.has(id))) {
      toldWaiting.add(id);
      log.info({ event: 'run_waiting', run: id, first: run.id });
    }
    const stage = run.stages.find(({ state }) => state === 'running');
    if (terminal.interactive || stage === undefined || Date.now() - lastLine < LINE_EVERY_MS) return;
    lastLine = Date.now();
    const { stage: name, step, done, total, unit, rate, secondsLeft } = stage;
    log.info({
      event: 'run_progress',
      run: run.id,
      stage: name,
      ...(step !== null && { step: `${step.number} of ${step.of}` }),
      done,
      total,
      unit,
      rate: rate && Math.round(rate * 10) / 10,
      secondsLeft: secondsLeft && Math.ceil(secondsLeft),
    });
  }

  const timer = setInterval(() => {
    busy = busy.then(async () => {
      try {
        show(await currentRun(pool));
      } catch (error) {
        // The database is away for a moment; what matters about that is said by whoever needs it.
        log.debug({ event: 'progress_unknown', error });
      }
    });
  }, POLL_MS);
  return async () => {
    clearInterval(timer);
    await busy;
    terminal.status('');
  };
}
