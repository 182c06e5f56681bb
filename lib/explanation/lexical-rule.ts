import { z } from 'zod';

/**
 * What the lexical baseline looks at, for one token of a text. `token` is its exact text with leading space; `word` the
 * whole word it belongs to, lower-cased; `start` the word's letters up to and including a piece of it; the rest describe
 * the word's look (`shape`, `class`, `suffix`, `piece`), its place in the sentence (`place`) and its neighbours
 * (`previous`, `previous2`, `previousKind`, `next`, and `nearby` content words before it).
 */
export const LEXICAL_FEATURE_KINDS = [
  'token',
  'word',
  'start',
  'shape',
  'class',
  'suffix',
  'piece',
  'place',
  'previous',
  'previous2',
  'previousKind',
  'next',
  'nearby',
] as const;

export type LexicalFeatureKind = (typeof LEXICAL_FEATURE_KINDS)[number];

/** A longer token text or word is cut by whoever writes the rule; 200 characters hold any real one. */
const MAX_VALUE_CHARACTERS = 200;

export const lexicalFeature = z.strictObject({
  kind: z.enum(LEXICAL_FEATURE_KINDS),
  value: z.string().max(MAX_VALUE_CHARACTERS),
  /** Added to a token's score where the feature is present; half a log-odds ratio. */
  weight: z.number(),
});

/**
 * The baseline explainer's evidence in executable form: a token's score is `bias` plus the weights of the features
 * present there; a window fires when its highest token score reaches `threshold`.
 */
export const lexicalRule = z.strictObject({
  version: z.literal(1),
  features: z.array(lexicalFeature).max(64),
  bias: z.number(),
  threshold: z.number(),
});

export type LexicalFeature = z.infer<typeof lexicalFeature>;
export type LexicalRule = z.infer<typeof lexicalRule>;
