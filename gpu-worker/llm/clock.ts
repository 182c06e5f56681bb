/** Time as the limits see it: injected, so that a test runs an hour in a moment. */
export interface Clock {
  /** Milliseconds that only grow. */
  now(): number;
  /** Calls `work` after that time, unless the function returned is called before. */
  after(ms: number, work: () => void): () => void;
}

/** The real one. */
export const clock: Clock = {
  now: () => performance.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};
