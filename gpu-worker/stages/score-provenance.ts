import { codeVersion } from '#platform/code-version.ts';

/** What nobody was asked for: a score computed here costs nothing. */
const FREE = { calls: 0, tokensIn: 0, tokensOut: 0, tokensCached: 0, cost: 0 };

/** A local scorer's provenance with the code that took it, what it cost, and how long it took since `began` (`performance.now()`). */
export function scoreProvenance<Facts extends object>(facts: Facts, began: number): Facts & typeof FREE & { code: string; durationMs: number } {
  return { ...facts, code: codeVersion(), ...FREE, durationMs: Math.round(performance.now() - began) };
}
