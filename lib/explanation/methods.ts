/**
 * How explanations are made. `llm` is what `default` was called before there were others: stored rows and configurations
 * still say so. `human` is entered on the site and `imported` made by another program; a run never chooses them.
 */
export const EXPLANATION_METHODS = [
  'lexical',
  'llm',
  'default',
  'contrastive',
  'single_token',
  'positional',
  'logit_aware',
  'best_of_k',
  'refine',
  'human',
  'imported',
] as const;
export type ExplanationMethod = (typeof EXPLANATION_METHODS)[number];

/** What a run's configuration may ask for; `auto` chooses by the latent's statistics. */
export const EXPLAINERS = ['lexical', 'auto', 'default', 'contrastive', 'single_token', 'positional', 'logit_aware', 'best_of_k', 'refine', 'llm'] as const;
export type ExplainerName = (typeof EXPLAINERS)[number];

/** The methods of the explain stage that is not the lexical baseline's, each with an explainer of its own in the worker. */
export type StageMethod = Exclude<ExplanationMethod, 'lexical' | 'llm' | 'human' | 'imported'>;

/** What an explainer's name asks for, `llm` being `default`. */
export function askedOf(explainers: readonly ExplainerName[]): (StageMethod | 'auto')[] {
  return [...new Set(explainers.flatMap((name) => (name === 'lexical' ? [] : [name === 'llm' ? 'default' : name])))];
}

/** Explainers that never ask a language model. */
export const LOCAL_EXPLAINERS: readonly ExplainerName[] = ['lexical', 'single_token', 'positional'];
