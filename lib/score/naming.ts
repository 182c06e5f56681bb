import type { Metric, Scorer } from './schema.ts';

/** What a scorer is called on the page, what it asks, in one sentence a visitor understands, of what, and what its n counts. */
export const SCORER_NAMES: Record<Scorer, { name: string; asks: string; of: 'explanation' | 'rule' | 'latent'; unit: 'window' | 'token' | 'group' }> = {
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
  fuzzing: {
    name: 'Fuzzing',
    asks: 'Can a language model that reads only the explanation tell windows marked where the latent fires from windows marked elsewhere?',
    of: 'explanation',
    unit: 'window',
  },
  simulation: {
    name: 'Simulation',
    asks: 'Can a language model that reads only the explanation say how strongly the latent fires on each token?',
    of: 'explanation',
    unit: 'window',
  },
  surprisal: {
    name: 'Surprisal',
    asks: 'Does the explanation make the windows the latent fires on less surprising to a language model than windows on which it stays silent?',
    of: 'explanation',
    unit: 'window',
  },
  intruder: {
    name: 'Intruder',
    asks: 'Among windows the latent fires on, can a language model pick out the one on which it does not? No explanation is read: this judges the latent.',
    of: 'latent',
    unit: 'group',
  },
  rule_windows: { name: 'Windows', asks: 'Does the rule say yes to windows the latent fires on, and no to the others?', of: 'rule', unit: 'window' },
  rule_tokens: { name: 'Tokens', asks: 'Does the rule point at the very tokens the latent fires on?', of: 'rule', unit: 'token' },
};

export const METRIC_NAMES: Record<Metric, string> = {
  auroc: 'AUROC',
  balanced_accuracy: 'balanced accuracy',
  pearson_r: 'Pearson r',
  accuracy: 'accuracy',
};
