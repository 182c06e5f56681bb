const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back once when the signal aborts, unless it was called off before. However many wait on one signal, some hundred
 * calls of a batch, it has one listener: Node takes more than ten for a leak and warns. Does nothing without a signal; one
 * that has aborted already never calls back.
 *
 * @returns calls it off
 */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return () => undefined;
  let waiting = callbacks.get(signal);
  if (waiting === undefined) {
    const all = new Set<() => void>();
    callbacks.set(signal, (waiting = all));
    const abort = (): void => {
      // A copy: who is woken may wake or call off others.
      for (const each of [...all]) if (all.delete(each)) each();
    };
    signal.addEventListener('abort', abort, { once: true });
  }
  const own = (): void => callback();
  waiting.add(own);
  return () => void waiting.delete(own);
}
