/** Scorers that ask a language model, in the order in which they are shown. */
export const LLM_SCORERS = ['detection', 'fuzzing', 'simulation', 'surprisal', 'intruder'] as const;
export type LlmScorer = (typeof LLM_SCORERS)[number];

/** Those that need no model that is asked, only one that says how likely it finds a text. */
export const READING_SCORERS: readonly LlmScorer[] = ['surprisal'];

/** What a run's configuration may name; `rule` stands for both of its scores. */
export const SCORER_CHOICES = ['embedding', 'rule', ...LLM_SCORERS] as const;

/** Those of a run that ask a language model. */
export function llmScorers({ scorers }: { scorers: readonly string[] }): LlmScorer[] {
  return LLM_SCORERS.filter((name) => scorers.includes(name));
}
