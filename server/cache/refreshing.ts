export interface RefreshingOptions {
  /** A value younger than this is given as it is. */
  ttlMs: number;
  /** Told of a refresh that failed behind a value that was still good enough to give. */
  onError: (error: unknown) => void;
  now?: () => number;
}

/** A value is given stale, while a new one is fetched, until it is this many times its time to live. */
const STALE_TIMES = 6;
/** A load that takes long earns its result a longer life, so that it never keeps the database busy for more than a tenth of the time. */
const LIFE_PER_LOAD = 10;

/**
 * A function that keeps what `load` gave for a while: for figures that cost a scan and may be a few seconds old.
 * Callers during a load share it. An old value is given at once while a new one is fetched; one that is too old, or a
 * first one, is waited for. A failed load is not kept.
 */
export function refreshing<T>(load: () => Promise<T>, options: RefreshingOptions): () => Promise<T> {
  const now = options.now ?? Date.now;
  let kept: { value: T; at: number; life: number } | null = null;
  let loading: Promise<T> | null = null;

  const refresh = (): Promise<T> => {
    loading ??= (async () => {
      const began = now();
      try {
        const value = await load();
        kept = { value, at: now(), life: Math.max(options.ttlMs, LIFE_PER_LOAD * (now() - began)) };
        return value;
      } finally {
        loading = null;
      }
    })();
    return loading;
  };

  return async () => {
    if (kept === null) return refresh();
    const age = now() - kept.at;
    if (age < kept.life) return kept.value;
    const fresh = refresh();
    if (age >= STALE_TIMES * kept.life) return fresh;
    fresh.catch(options.onError);
    return kept.value;
  };
}
