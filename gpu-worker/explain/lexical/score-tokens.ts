import type { LexicalRule } from '#lib/explanation/lexical-rule.ts';
import { annotateWindow } from './annotated-windows.ts';
import { lexiconOf, type Lexicon } from './lexicon.ts';
import type { TokenTable } from './types.ts';

/** A rule's features as one lexicon numbers them. */
interface CompiledRule {
  lexicon: Lexicon;
  features: Int32Array;
  weights: Float64Array;
}

const compiledRules = new WeakMap<LexicalRule, CompiledRule>();
const weightTables = new WeakMap<Lexicon, Float64Array>();

/**
 * The rule's score of every token of a text: its bias plus the weights of the features present there.
 *
 * @param tokens ids without BOS
 * @param before up to 8 tokens that stand before them, as context
 * @returns aligned with `tokens`
 */
export function scoreTokens(rule: LexicalRule, tokens: Int32Array, table: TokenTable, before?: Int32Array): Float32Array {
  const lexicon = lexiconOf(table);
  const compiled = compile(rule, lexicon);
  const { offsets, features } = annotateWindow(lexicon, tokens, before);
  // Weights are laid out by feature for this call and cleared after it: reading a place beats asking a map 20 times a token.
  const weightOf = weightTable(lexicon);
  for (let k = 0; k < compiled.features.length; k++) weightOf[compiled.features[k]!] = compiled.weights[k]!;
  const scores = new Float32Array(tokens.length);
  for (let token = 0; token < tokens.length; token++) {
    let score = rule.bias;
    for (let i = offsets[token]!; i < offsets[token + 1]!; i++) score += weightOf[features[i]!]!;
    scores[token] = score;
  }
  for (let k = 0; k < compiled.features.length; k++) weightOf[compiled.features[k]!] = 0;
  return scores;
}

/** A window's score is its highest token score, and it fires when that reaches the rule's threshold; −∞ for no tokens. */
export function windowDecision(rule: LexicalRule, scores: Float32Array): { score: number; fires: boolean } {
  let score = -Infinity;
  for (const value of scores) if (value > score) score = value;
  return { score, fires: score >= rule.threshold };
}

function compile(rule: LexicalRule, lexicon: Lexicon): CompiledRule {
  const known = compiledRules.get(rule);
  if (known?.lexicon === lexicon) return known;
  const made = {
    lexicon,
    features: Int32Array.from(rule.features, ({ kind, value }) => lexicon.feature(kind, lexicon.intern(value))),
    weights: Float64Array.from(rule.features, ({ weight }) => weight),
  };
  compiledRules.set(rule, made);
  return made;
}

/** All zero between calls, with room for every feature the lexicon has given out. */
function weightTable(lexicon: Lexicon): Float64Array {
  const known = weightTables.get(lexicon);
  if (known !== undefined && known.length >= lexicon.featureLimit) return known;
  const made = new Float64Array(2 * lexicon.featureLimit);
  weightTables.set(lexicon, made);
  return made;
}
