import { describeEvidence } from './describe.ts';
import { gatherEvidence } from './evidence.ts';
import { firingWeights, learnRule } from './learn-rule.ts';
import { writeSentence } from './sentence.ts';
import type { Background, LexicalExplanation, LexicalWindow, TokenTable } from './types.ts';

/**
 * The lexical baseline: explains a latent without a language model, from what sets its firing tokens and their
 * surroundings apart from the corpus, as one English sentence and as a rule that can be run on unseen text.
 * Deterministic. Windows in which nothing fires are evidence of silence.
 *
 * @param o.background of the same corpus, built with the same `tokens`
 */
export function explainLexically(o: { windows: readonly LexicalWindow[]; background: Background; tokens: TokenTable }): LexicalExplanation {
  const evidence = gatherEvidence(o.windows, o.background.lexicon);
  const rule = learnRule(evidence, o.background);
  const description = describeEvidence(evidence, firingWeights(evidence), o.background);
  return { text: writeSentence(description), rule };
}
