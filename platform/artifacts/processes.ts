import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Which process that is: a number alone means another one in another container, after a restart, or once it is given anew. */
export interface ProcessIdentity {
  host: string;
  /** Boot and pid namespace in a few digits; empty where the system does not tell them. */
  space: string;
  pid: number;
  /** When it began, in ticks since the boot; empty where the system does not tell. */
  began: string;
}

export function thisProcess(): ProcessIdentity {
  return { host: hostname(), space: pidSpace(), pid: process.pid, began: beginning(process.pid) };
}

/**
 * Whether that process is certainly over: it was one that this process can see, and either its number is free or another
 * has it. False for one of another machine, container or boot, of which nothing is known.
 */
export function isOver({ host, space, pid, began }: ProcessIdentity): boolean {
  if (host !== hostname() || space !== pidSpace()) return false;
  return !isRunning(pid) || beginning(pid) !== began;
}

/** Whether a process of that number can be seen; one of another user counts. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function pidSpace(): string {
  const facts = orEmpty(() => `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')} ${readlinkSync('/proc/self/ns/pid')}`);
  return facts === '' ? '' : createHash('sha256').update(facts).digest('hex').slice(0, 16);
}

/** Field 22 of proc(5)'s stat; the command before it may hold spaces and brackets. */
function beginning(pid: number): string {
  return orEmpty(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  });
}

/** Not every system has /proc; without it host and number have to do. */
function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
