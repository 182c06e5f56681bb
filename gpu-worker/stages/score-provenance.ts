import { codeVersion } from '#platform/code-version.ts';

/** What nobody was asked for: a score computed here costs nothing. */
const FREE = { calls: 0, tokensIn: 0, tokensOut: 0, tokensCached: 0, cost: 0 };
/** What an embeddings endpoint takes for vectors that all scores of a run share is nobody's in particular, and no price is known. */
const SHARED = { calls: null, tokensIn: null, tokensOut: null, tokensCached: null, cost: null };

/**
 * A local scorer's provenance with the code that took it, what it cost, and how long it took since `began`
 * (`performance.now()`).
 *
 * @param endpoint whose vectors it was taken from; null: made here, or none
 */
export function scoreProvenance<Facts extends object>(facts: Facts, began: number, endpoint: string | null = null) {
  const cost = endpoint === null ? FREE : { ...SHARED, endpoint };
  return { ...facts, code: codeVersion(), ...cost, durationMs: Math.round(performance.now() - began) };
}
