/** How far a computed value is from an expected one. */
export interface Difference {
  /** Greatest |actual − expected| / max(1, |expected|) over all numbers inside; infinite where the forms differ. */
  worst: number;
  /** Where that is, as a path such as `bins[2].mean_p`; empty for the value itself. */
  path: string;
}

/**
 * Compares what is expected, JSON of numbers, lists, objects and null, with a computed value, whose lists may be typed
 * arrays and which may hold more. The measure is relative for numbers beyond 1 and absolute below.
 */
export function difference(actual: unknown, expected: unknown, path = ''): Difference {
  if (typeof expected === 'number') {
    const apart = typeof actual === 'number' ? Math.abs(actual - expected) / Math.max(1, Math.abs(expected)) : Infinity;
    return { worst: Number.isNaN(apart) ? Infinity : apart, path };
  }
  if (Array.isArray(expected)) {
    if (!isList(actual) || actual.length !== expected.length) return { worst: Infinity, path };
    return greatest(expected.map((value, i) => difference(actual[i], value, `${path}[${i}]`)), path); // prettier-ignore
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof actual !== 'object' || actual === null) return { worst: Infinity, path };
    const named = actual as Record<string, unknown>;
    return greatest(
      Object.entries(expected).map(([key, value]) => difference(named[key], value, path === '' ? key : `${path}.${key}`)),
      path,
    );
  }
  return { worst: Object.is(actual, expected) ? 0 : Infinity, path };
}

const isList = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

function greatest(differences: readonly Difference[], path: string): Difference {
  return differences.reduce((worst, one) => (one.worst > worst.worst ? one : worst), { worst: 0, path });
}
