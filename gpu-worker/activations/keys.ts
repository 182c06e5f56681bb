import { createHash } from 'node:crypto';

/**
 * Raised by hand when a stage's algorithm changes, so that older artifacts are not taken for its output.
 */
export const ALGORITHM_VERSIONS = {
  rows: 7,
  activations: 2,
  sample: 5,
  windowEmbeddings: 2,
  lexical: 2,
  llm: 1,
  localScores: 6,
  scorers: 2,
  statistics: 2,
  neighbours: 1,
  reconstruction: 1,
  profiles: 2,
  precision: 1,
} as const;

/** The lexical baseline in full, as explanations name it. */
export const LEXICAL_EXPLAINER = `lexical-${ALGORITHM_VERSIONS.lexical}`;

/** Content address: SHA-256 (first 32 hex digits) of a canonical JSON of everything that determines an artifact. */
export function contentKey(parts: Record<string, string | number | boolean | null | readonly (string | number)[]>): string {
  const canonical = JSON.stringify(Object.fromEntries(Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1))));
  return createHash('sha256').update(canonical).digest('hex').slice(0, 32);
}
