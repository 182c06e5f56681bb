export interface AttemptLimit {
  /** Seconds to wait before the next attempt, or 0 when it may go ahead, which counts it. */
  attempt(key: string): number;
  /** Forget the key's attempts: the last one was right. */
  reset(key: string): void;
}

/** Keys remembered at a time; the oldest go first, so that made-up keys cannot fill the memory. */
const MOST_KEYS = 10_000;

/** Counts attempts by key in a fixed window from the first one on. */
export function createAttemptLimit({ most, windowMs, now = Date.now }: { most: number; windowMs: number; now?: () => number }): AttemptLimit {
  const attempts = new Map<string, { count: number; since: number }>();
  return {
    attempt(key) {
      const at = now();
      const known = attempts.get(key);
      if (known === undefined || at - known.since >= windowMs) {
        attempts.delete(key);
        attempts.set(key, { count: 1, since: at });
        if (attempts.size > MOST_KEYS) attempts.delete(attempts.keys().next().value!);
        return 0;
      }
      if (known.count >= most) return Math.max(1, Math.ceil((known.since + windowMs - at) / 1000));
      known.count += 1;
      return 0;
    },
    reset(key) {
      attempts.delete(key);
    },
  };
}
