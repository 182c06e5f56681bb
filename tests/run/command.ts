import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');
const KILL_AFTER_MS = 20_000;

/** Path of a program that an npm package of ours brings. */
export function packageProgram(name: string): string {
  return path.join(ROOT, 'node_modules', '.bin', name);
}

/**
 * Runs a program in the root of the checkout, with our own streams, and returns its exit code. One that takes longer than
 * `minutes` is ended with all it started, which counts as a failure: a hanging step must not hold up the others for ever.
 */
export async function runCommand(program: string, args: readonly string[], options: { minutes: number; env?: NodeJS.ProcessEnv }): Promise<number> {
  // A group of its own, so that what the program started can be ended with it.
  const child = spawn(program, args, { cwd: ROOT, env: { ...process.env, ...options.env }, stdio: ['ignore', 'inherit', 'inherit'], detached: true });
  const signal = (name: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, name);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  };
  const late = setTimeout(() => {
    process.stdout.write(`${path.basename(program)} has not ended within ${options.minutes} minutes and is stopped.\n`);
    signal('SIGTERM');
    setTimeout(() => signal('SIGKILL'), KILL_AFTER_MS).unref();
  }, options.minutes * 60_000);
  const interrupt = (name: NodeJS.Signals): void => {
    signal(name);
    process.exitCode = 128 + constants.signals[name];
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject).once('close', (code, name) => resolve(code ?? 128 + constants.signals[name ?? 'SIGKILL']));
    });
  } finally {
    clearTimeout(late);
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}
