import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { spawnUnprivileged, type Unprivileged } from './unprivileged.ts';

/**
 * Runs its arguments, and tells them to shut down (SIGINT, PostgreSQL's “fast shutdown”) when standard input ends: when
 * we close it, or when we are gone, also by SIGKILL. PostgreSQL itself would go on for ever.
 */
const WATCH = `
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
(while read -r _; do :; done <&3; kill -INT $server 2>/dev/null) &
watcher=$!
exec 3<&-
wait $server
code=$?
kill $watcher 2>/dev/null
exit $code`;

/** Longest a fast shutdown may take before the immediate one, after which the next start recovers from the log. */
const STOP_SECONDS = 20;

export interface WatchedServer {
  process: ChildProcess;
  /** Resolves when the server has ended, wanted or not. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

/** Spawn a server program that ends when this process does. */
export function spawnWatched(user: Unprivileged | null, program: string, args: string[], paths: string[], env: SpawnOptions['env']): WatchedServer {
  // Its own process group: Ctrl-C in the terminal reaches the launcher, which stops PostgreSQL last.
  const options: SpawnOptions = { stdio: ['pipe', 'pipe', 'pipe'], env, detached: true };
  const child =
    process.platform === 'win32'
      ? spawnUnprivileged(user, program, args, paths, options)
      : spawnUnprivileged(user, '/bin/sh', ['-c', WATCH, 'sh', program, ...args], [program, ...paths], options);
  child.stdin?.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    process: child,
    ended,
    async stop() {
      if (process.platform === 'win32') child.kill('SIGINT');
      child.stdin?.end();
      const late = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGQUIT'), STOP_SECONDS * 1000);
      await ended;
      clearTimeout(late);
    },
  };
}
