import { createHash } from 'node:crypto';
import { FailureCounts } from './failure-counts.ts';

export interface SignInLimit {
  /**
   * Asks for an attempt on an account from an address and counts it as failed until `succeeded` says otherwise, so that
   * attempts made at the same time are counted too. `refused`: seconds to wait first. `held`: ms to hold the attempt.
   */
  attempt(address: string, account: string): { refused: number } | { held: number };
  /** An attempt that was held has gone on. */
  released(): void;
  /** The password was right: the attempt is not counted after all. */
  succeeded(address: string, account: string): void;
}

/** Wrong passwords for one account from one address before it must pause … */
const FREE_ATTEMPTS = 5;
/** … for this long, and twice as long after each further one … */
const FIRST_PAUSE_S = 8;
/** … up to this: some 110 passwords a day. */
const LONGEST_PAUSE_S = 15 * 60;
/** Wrong passwords for one account from all addresses together before every further attempt is held … */
const FREE_ATTEMPTS_ACCOUNT = 20;
/** … for a quarter of a second, and twice as long after each further one, up to this. */
const LONGEST_HOLD_MS = 8000;
/** Attempts held at a time; more are refused, so that an attack cannot fill the memory with them. */
const MOST_HELD = 500;

const FORGET_MS = 24 * 3600_000;
const CAPACITY = 10_000;
const KNOWN_CAPACITY = 1000;

/**
 * Slows the guessing of passwords without locking anybody out. One address pauses for its own failures, longer each time;
 * that touches nobody who signs in from elsewhere, and no flood of invented accounts or addresses adds to it. An account
 * that many addresses try, or may have tried, is answered late, never refused while there is room to hold the attempt, and
 * not even late for an address from which its owner signed in since this process began. How often one address may try at
 * all, whatever the account, is better-auth's limit. `capacity`: pairs, and accounts, that are remembered.
 */
export function createSignInLimit({ now = Date.now, capacity = CAPACITY }: { now?: () => number; capacity?: number } = {}): SignInLimit {
  const pairs = new FailureCounts({ capacity, forgetMs: FORGET_MS });
  const accounts = new FailureCounts({ capacity, forgetMs: FORGET_MS });
  /** Pairs that signed in, oldest first; only who has an account can add one. */
  const known = new Set<string>();
  let held = 0;
  return {
    attempt(address, account) {
      const at = now();
      const pair = keyOf(address, account);
      // What is certain: pushed out of the room, a guesser gets five free ones again, and is held for the account's count.
      const { count, last } = pairs.atLeast(pair, at);
      const pause = count < FREE_ATTEMPTS ? 0 : Math.min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (count - FREE_ATTEMPTS));
      const seconds = Math.ceil((last + 1000 * pause - at) / 1000);
      if (pause > 0 && seconds > 0) return { refused: seconds };
      const tried = accounts.atMost(keyOf('', account), at);
      const hold = tried < FREE_ATTEMPTS_ACCOUNT || known.has(pair) ? 0 : Math.min(LONGEST_HOLD_MS, 250 * 2 ** (tried - FREE_ATTEMPTS_ACCOUNT));
      if (hold > 0 && held >= MOST_HELD) return { refused: Math.ceil(LONGEST_HOLD_MS / 1000) };
      if (hold > 0) held += 1;
      pairs.add(pair, at);
      accounts.add(keyOf('', account), at);
      return { held: hold };
    },
    released() {
      held -= 1;
    },
    succeeded(address, account) {
      const pair = keyOf(address, account);
      pairs.forget(pair);
      // This attempt alone: somebody else's guesses are not undone by the owner's signing in.
      accounts.takeBack(keyOf('', account));
      known.delete(pair);
      known.add(pair);
      if (known.size > KNOWN_CAPACITY) known.delete(known.values().next().value as string);
    },
  };
}

/** Of one length, whatever was typed as an account. */
function keyOf(address: string, account: string): string {
  return createHash('sha256').update(`${address}\n${account}`).digest('base64url');
}
