import { createHash } from 'node:crypto';
import type { RunConfig } from '#lib/run/schema.ts';

/** SHA-256, hex, of a configuration whatever the order of its keys: the same question has the same hash. */
export function configHash(config: RunConfig): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(config)))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
