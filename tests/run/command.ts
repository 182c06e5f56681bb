import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');
const KILL_AFTER_MS = 20_000;

export interface CommandOptions {
  /** After so long it is ended with all it started, and has failed: a hanging step must not hold up the others for ever. */
  minutes: number;
  env?: Record<string, string>;
  /** Keep its output, to be shown when it fails, instead of letting it write as it goes. */
  quiet?: boolean;
}

/** Path of a program that an npm package of ours brings. */
export function packageProgram(name: string): string {
  return path.join(ROOT, 'node_modules', '.bin', name);
}

/** Runs a program in the root of the checkout; returns its exit code and, when it was quiet, its output. */
export async function runCommand(
  program: string,
  args: readonly string[],
  { minutes, env, quiet = false }: CommandOptions,
): Promise<{ code: number; output: string }> {
  const stream = quiet ? 'pipe' : 'inherit';
  // A group of its own, so that what the program started can be ended with it.
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }), ...env },
    stdio: ['ignore', stream, stream],
    detached: true,
  });
  let output = '';
  for (const part of [child.stdout, child.stderr]) part?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const signal = (name: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, name);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  };
  const late = setTimeout(() => {
    process.stdout.write(`${path.basename(program)} has not ended within ${minutes} minutes and is stopped.\n`);
    signal('SIGINT');
    setTimeout(() => signal('SIGKILL'), KILL_AFTER_MS).unref();
  }, minutes * 60_000);
  // Test runners clean up after an interrupt, and not after the harder signals.
  const forward = (name: NodeJS.Signals): void => {
    signal('SIGINT');
    process.exitCode = exitCodeOf(name);
  };
  process.on('SIGINT', forward).on('SIGTERM', forward);
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject).once('close', (given, name) => resolve(given ?? exitCodeOf(name ?? 'SIGKILL')));
    });
    return { code, output };
  } finally {
    clearTimeout(late);
    process.off('SIGINT', forward).off('SIGTERM', forward);
  }
}

/** As shells have it. */
const exitCodeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];
