import type { Scorer, ScoreView } from './schema.ts';

/** What a scorer is called on the page, what it asks, in one sentence a visitor understands, of what, and what its n counts. */
export const SCORER_NAMES: Record<Scorer, { name: string; asks: string; of: 'explanation' | 'rule'; unit: 'window' | 'token' }> = {
  embedding: {
    name: 'Embedding',
    asks: 'Do the windows the latent fires on lie closer in meaning to the explanation than windows on which it stays silent?',
    of: 'explanation',
    unit: 'window',
  },
  detection: {
    name: 'Detection',
    asks: 'Can a language model that reads only the explanation tell the windows the latent fires on from those it does not?',
    of: 'explanation',
    unit: 'window',
  },
  rule_windows: { name: 'Windows', asks: 'Does the rule say yes to windows the latent fires on, and no to the others?', of: 'rule', unit: 'window' },
  rule_tokens: { name: 'Tokens', asks: 'Does the rule point at the very tokens the latent fires on?', of: 'rule', unit: 'token' },
};

export const METRIC_NAMES: Record<ScoreView['metric'], string> = { auroc: 'AUROC', balanced_accuracy: 'balanced accuracy' };
