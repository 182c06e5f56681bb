import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Log } from '#platform/log/log.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLLOW_PARENT = new URL('follow-parent.mjs', import.meta.url).href;

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 30_000;
/** A process that lived this long has started well: the next crash begins with a short delay again. */
const STEADY_MS = 60_000;

export interface ProcessSpec {
  name: string;
  /** Arguments of `node`. */
  args: string[];
  env: NodeJS.ProcessEnv;
  /** Called with each line the process writes, of either stream. */
  onLine: (line: string) => void;
  /** Scheduling priority from −20 to 19; lower comes first. */
  niceness?: number;
  /** How long it may take to end when told to. */
  stopSeconds: number;
}

export interface Supervised {
  /** How often it has ended unasked. */
  readonly crashes: number;
  stop(): Promise<void>;
}

/** Run a Node process, say when it crashes and start it again, sooner the first time and later each time after, until stopped. */
export function supervise(spec: ProcessSpec, log: Log): Supervised {
  let crashes = 0;
  let delay = FIRST_DELAY_MS;
  let stopped = false;
  let restart: NodeJS.Timeout | undefined;
  let child = start();

  function start(): ChildProcess {
    const startedAt = Date.now();
    const started = spawnNode(spec);
    log.info({ event: 'process_started', name: spec.name, pid: started.pid });
    started.once('close', (code, signal) => {
      if (stopped) return;
      crashes++;
      if (Date.now() - startedAt > STEADY_MS) delay = FIRST_DELAY_MS;
      log.error({ event: 'process_crashed', name: spec.name, code, signal, restartInMs: delay });
      restart = setTimeout(() => {
        child = start();
      }, delay);
      delay = Math.min(delay * 2, LONGEST_DELAY_MS);
    });
    return started;
  }

  return {
    get crashes() {
      return crashes;
    },
    async stop() {
      stopped = true;
      clearTimeout(restart);
      await end(child, spec.stopSeconds);
      log.info({ event: 'process_stopped', name: spec.name });
    },
  };
}

/** Start `node` with arguments in the repository's root, in a process group of its own, so that Ctrl-C in the terminal reaches the launcher alone. */
export function spawnNode(spec: Pick<ProcessSpec, 'args' | 'env' | 'onLine' | 'niceness'>): ChildProcess {
  const child = spawn(process.execPath, ['--import', FOLLOW_PARENT, ...spec.args], {
    cwd: ROOT,
    env: spec.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  if (spec.niceness !== undefined && child.pid !== undefined) giveWay(child.pid, spec.niceness);
  // Writing to a child that has just died is not an error worth more than the child's own end.
  child.stdin?.on('error', () => undefined);
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) spec.onLine(line);
    });
    stream?.on('end', () => {
      if (rest !== '') spec.onLine(rest);
    });
  }
  return child;
}

/**
 * Lower a process's priority. Linux shares processors out by session first where it groups tasks automatically, and a
 * process's own niceness then counts only within its session; that of the session is in a file.
 */
function giveWay(pid: number, niceness: number): void {
  setPriority(pid, niceness);
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch (error) {
    // No such file: this system has no automatic groups, and the niceness alone does it. Others refuse, and lose a little.
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}

/** SIGTERM to the process and whatever it started, then SIGKILL when it takes too long; resolves when it has ended. */
export async function end(child: ChildProcess, seconds: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.kill('SIGTERM');
  const late = setTimeout(() => killGroup(child.pid!), seconds * 1000);
  await ended;
  clearTimeout(late);
  // Helpers of its own that outlived it, such as a bundler's workers.
  killGroup(child.pid);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
