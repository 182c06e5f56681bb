import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const RENEW_MS = 5000;
/** A holder that has not renewed for so long is dead: six renewals missed. */
const STALE_MS = 30_000;
const ASK_MS = 200;

/**
 * Runs `work` while no other process that asks for the same file runs its own. The lock is a file beside it, renewed
 * every five seconds; one left by a killed process is taken over after thirty.
 */
export async function withFileLock<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  const lock = `${file}.lock`;
  const holder = randomUUID();
  await mkdir(dirname(file), { recursive: true });
  while (!(await take(lock, holder))) await delay(ASK_MS);
  const renewal = setInterval(() => void renew(lock), RENEW_MS);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    if ((await holderOf(lock)) === holder) await rm(lock, { force: true });
  }
}

async function take(lock: string, holder: string): Promise<boolean> {
  try {
    await writeFile(lock, holder, { flag: 'wx' });
    return true;
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  }
  const dead = await holderOf(lock);
  const age = await stat(lock).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  if (age < STALE_MS) return false;
  // Moved away rather than removed: somebody may have done the same a moment ago, and hold a new lock by now; that one goes back.
  const grave = `${lock}.${holder}`;
  await rename(lock, grave).catch(ignore('ENOENT'));
  if ((await holderOf(grave)) !== dead) await link(grave, lock).catch(ignore('ENOENT', 'EEXIST'));
  await rm(grave, { force: true });
  return false;
}

async function renew(lock: string): Promise<void> {
  const now = new Date();
  // Gone: the work is ending, or somebody took us for dead; the checksum is the last word on the file.
  await utimes(lock, now, now).catch(ignore('ENOENT'));
}

function holderOf(lock: string): Promise<string | null> {
  return readFile(lock, 'utf8').catch(() => null);
}

function ignore(...codes: string[]): (error: unknown) => void {
  return (error) => {
    if (!codes.some((code) => isCode(error, code))) throw error;
  };
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
