import { execFileSync, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { chownSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '#lib/errors/app-error.ts';

/** Who runs PostgreSQL when we are root: it refuses to run as root itself. */
export interface Unprivileged {
  uid: number;
  gid: number;
}

/**
 * Null when this process is not root. As root: the system's user `postgres`, else `nobody`. Users are looked up in
 * the passwd file and none is created: starting a demo must not change the machine's accounts.
 */
export function unprivilegedUser(): Unprivileged | null {
  if (process.getuid?.() !== 0) return null;
  const users = new Map(
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name, , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]),
  );
  const user = users.get('postgres') ?? users.get('nobody');
  if (user) return user;
  throw new AppError(
    'unsupported',
    'PostgreSQL does not run as root and this machine has neither a user `postgres` nor `nobody`: run as an ordinary user, or set DATABASE_URL.',
  );
}

/**
 * Spawn a program as that user. Where a parent folder of `paths`, the first of which is a program, is closed to others (a
 * checkout under /root), it gets the one capability to read past that, since opening somebody's home folder is not ours to do.
 */
export function spawnUnprivileged(user: Unprivileged | null, program: string, args: string[], paths: string[], options: SpawnOptions): ChildProcess {
  if (user === null) return spawn(program, args, options);
  if (paths.every((file) => reachable(file))) return spawn(program, args, { ...options, ...user });
  const capability = '-all,+dac_read_search';
  const drop = [
    `--reuid=${user.uid}`,
    `--regid=${user.gid}`,
    '--clear-groups',
    `--inh-caps=${capability}`,
    `--ambient-caps=${capability}`,
    `--bounding-set=${capability}`,
  ];
  try {
    execFileSync('setpriv', [...drop, '--', paths[0]!, '--version'], { stdio: 'pipe' });
  } catch (cause) {
    throw new AppError(
      'unsupported',
      `PostgreSQL does not run as root, and other users cannot reach ${path.dirname(paths[0]!)}: move the checkout out of root's home, run as an ordinary user, or set DATABASE_URL.`,
      { cause },
    );
  }
  return spawn('setpriv', [...drop, '--', program, ...args], options);
}

export function giveTo(user: Unprivileged | null, folder: string): void {
  if (user !== null) chownSync(folder, user.uid, user.gid);
}

/** Whether every folder above may be entered by others. */
function reachable(file: string): boolean {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === path.dirname(folder)) return true;
  }
}
