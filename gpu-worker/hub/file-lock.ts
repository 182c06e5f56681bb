import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '#lib/errors/app-error.ts';

export interface FileLockOptions {
  /** Told once, in a sentence, that another process is waited for. */
  say?: (sentence: string) => void;
  /** Longest to wait; the holder may be fetching a large file over a slow line. */
  longestWaitMs?: number;
  /** A holder that has not renewed for so long, by the watcher's own clock, is dead. */
  staleMs?: number;
  renewMs?: number;
}

const RENEW_MS = 5000;
/** Six renewals missed. */
const STALE_MS = 30_000;
const LONGEST_WAIT_MS = 2 * 3600_000;
const ASK_MS = 200;

/**
 * Runs `work` while no other process that asks for the same file runs its own. The lock is a file beside it, renewed
 * every five seconds; one that has not been renewed for thirty is taken over. Its holder, if it was only slow, sees that
 * at its next renewal: `signal` is aborted, and `work` is run again when the lock is to be had, so it must look first
 * whether it is still needed. The claims of the artifact storage would let a slow holder go on: there it writes the same
 * artifact again, here it would append to another's download. Throws AppError `conflict`, retryable, when another process
 * holds the lock for too long.
 */
export async function withFileLock<Result>(
  file: string,
  work: (signal: AbortSignal) => Promise<Result>,
  { say, longestWaitMs = LONGEST_WAIT_MS, staleMs = STALE_MS, renewMs = RENEW_MS }: FileLockOptions = {},
): Promise<Result> {
  const lock = `${file}.lock`;
  await mkdir(dirname(file), { recursive: true });
  const until = performance.now() + longestWaitMs;
  for (let said = false; ;) {
    const holder = randomUUID();
    const watch: Watch = { text: null, since: 0 };
    while (!(await take(lock, holder, watch, staleMs))) {
      if (!said) say?.(`Another process is fetching ${basename(file)}; waiting for it …`);
      said = true;
      if (performance.now() > until) {
        const message = `Another process has held ${lock} for too long: end it, or remove that file if it is none of yours, and try again.`;
        throw new AppError('conflict', message, { retryable: true });
      }
      await delay(Math.min(ASK_MS, staleMs / 4));
    }
    const lost = new AbortController();
    const renewal = setInterval(() => void renew(lock, holder).then((ours) => !ours && lost.abort(TAKEN_OVER)), renewMs);
    try {
      return await work(lost.signal);
    } catch (error) {
      if (!lost.signal.aborted) throw error;
    } finally {
      clearInterval(renewal);
      if ((await holderOf(lock)) === holder) await rm(lock, { force: true });
    }
  }
}

const TAKEN_OVER = new AppError('conflict', 'Another process took the lock of the file over.', { retryable: true });

/** What a watcher saw last of a lock, and when by its own clock: clocks of machines that share a disk differ. */
interface Watch {
  text: string | null;
  since: number;
}

async function take(lock: string, holder: string, watch: Watch, staleMs: number): Promise<boolean> {
  try {
    await writeFile(lock, holder, { flag: 'wx' });
    return true;
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  }
  const dead = await holderOf(lock);
  const renewed = await stat(lock).then(
    ({ mtimeMs }) => mtimeMs,
    () => null,
  );
  const text = `${dead} ${renewed}`;
  if (watch.text !== text) Object.assign(watch, { text, since: performance.now() });
  if (renewed === null || performance.now() - watch.since < staleMs) return false;
  // Moved away rather than removed: somebody may have done the same a moment ago, and hold a new lock by now; that one goes
  // back, unless a third has made one meanwhile: then its holder sees at the next renewal that it is not its own any more.
  const grave = `${lock}.${holder}`;
  await rename(lock, grave).catch(ignore('ENOENT'));
  if ((await holderOf(grave)) !== dead) await link(grave, lock).catch(ignore('ENOENT', 'EEXIST'));
  await rm(grave, { force: true });
  return false;
}

/** Whether the lock is still ours. A disk that cannot say takes nothing from us: the checksum is the last word on the file. */
async function renew(lock: string, holder: string): Promise<boolean> {
  try {
    if ((await readFile(lock, 'utf8')) !== holder) return false;
    const now = new Date();
    await utimes(lock, now, now);
    return true;
  } catch (error) {
    return !isCode(error, 'ENOENT');
  }
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
