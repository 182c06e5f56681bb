/**
 * Things that are costly to open and used by many jobs in a row: a model session, a data set, the lexical background.
 * Holds the most recent few; what falls out is closed. Asking twice at once opens once.
 */
export interface RunCache {
  get<T>(key: string, open: () => Promise<T>, close?: (value: T) => Promise<void>): Promise<T>;
  clear(): Promise<void>;
}

export function createRunCache(capacity: number): RunCache {
  const entries = new Map<string, { value: Promise<unknown>; close: () => Promise<void> }>();
  const drop = async (key: string): Promise<void> => {
    const entry = entries.get(key);
    entries.delete(key);
    await entry?.close();
  };
  return {
    async get<T>(key: string, open: () => Promise<T>, close?: (value: T) => Promise<void>): Promise<T> {
      const known = entries.get(key);
      if (known) {
        entries.delete(key);
        entries.set(key, known);
        return known.value as Promise<T>;
      }
      const value = open();
      entries.set(key, {
        value,
        close: async () => {
          if (close) await value.then(close);
        },
      });
      value.catch(() => entries.delete(key));
      const oldest = entries.keys().next().value;
      if (entries.size > capacity && oldest !== undefined && oldest !== key) await drop(oldest);
      return value;
    },
    async clear() {
      for (const key of [...entries.keys()]) await drop(key);
    },
  };
}
