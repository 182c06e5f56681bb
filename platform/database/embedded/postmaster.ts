import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

/**
 * The server that runs on the files in `folder`, or null; `ready` once it takes connections. PostgreSQL writes its process id there; after a kill the file
 * stays, and when the id has since gone to another process (in a container it soon does) PostgreSQL would refuse to
 * start, so a file that no server stands behind is removed.
 */
export function findRunning(folder: string): { pid: number; port: number; ready: boolean } | null {
  const file = path.join(folder, 'postmaster.pid');
  let lines: string[];
  try {
    lines = readFileSync(file, 'utf8').split('\n');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  // Lines: process id, data folder, start time, port, socket folder, listen address, shared memory, status.
  const [pid, port, status] = [Number(lines[0]), Number(lines[3]), lines[7]?.trim()];
  if (pid > 0 && isAlive(pid) && isPostgres(pid)) return { pid, port, ready: port > 0 && status === 'ready' };
  rmSync(file, { force: true });
  return null;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function isPostgres(pid: number): boolean {
  // Only Linux shows a process's program in a file; elsewhere PostgreSQL's own check has to do.
  if (process.platform !== 'linux') return true;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]!.includes('postgres');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

const POLL_MS = 100;

/** Resolves when no process has this id any more. */
export function processEnd(pid: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (isAlive(pid)) return;
      clearInterval(timer);
      resolve();
    }, POLL_MS);
    timer.unref();
  });
}
