import type { NegativeClass } from './protocol.ts';

/** What silent windows of each class are, for whoever reads the page. */
export const NEGATIVE_CLASS_TEXTS: Record<NegativeClass, { name: string; text: string }> = {
  random: { name: 'random', text: 'Drawn at random: what the headline score is taken against, as in published work.' },
  same_document: { name: 'same document', text: 'From the very documents in which it fires, but silent: told apart by more than the topic.' },
  same_token: { name: 'same token', text: 'They hold the token it fires on most, and it is silent all the same: told apart by what surrounds the word.' },
  similar: { name: 'similar in meaning', text: 'Nearest in meaning to windows in which it fires, by a sentence embedder, which is not scored on them itself.' },
  neighbour: { name: 'neighbouring latents', text: 'Latents that often fire where it does fire here, and it does not.' },
};
