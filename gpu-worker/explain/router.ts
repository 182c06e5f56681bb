import type { StageMethod } from '#lib/explanation/methods.ts';
import { formatShare } from '#lib/format/number.ts';
import type { Evidence } from './explainer.ts';

/** Active on more of the tokens, a latent is called dense (method.md §2.5). */
const DENSE = 0.1;
/** Bits of mutual information of firing and position from which on it is called positional (method.md §5.9). */
const POSITIONAL_BITS = 0.05;
/** Share of its token's occurrences on which a single-token latent must fire to be the token's and not the context's. */
const TOKEN_SHARE = 0.5;
/** How much further out than chance the ten greatest logit effects must lie on average. */
const CONCENTRATED = 1.5;

/** Which method explains a latent, and why, as a sentence for its page. */
export interface Route {
  /** Null: none would say anything true. */
  method: StageMethod | null;
  reason: string;
}

/**
 * Chooses an explainer by what a latent's statistics say of it, in this order: dead, dense, positional, single-token,
 * output-side, anything else. Single-token latents whose token stands as often in the text without them are told by what
 * surrounds it, so they are set against silent windows.
 */
export function route({ profile, silent }: Pick<Evidence, 'profile' | 'silent'>): Route {
  const { frequency, positionInformation, singleToken, tokens, logits } = profile;
  if (frequency === 0) return { method: null, reason: 'It never fired on this text, so there is nothing to explain.' };
  if (frequency > DENSE)
    return { method: null, reason: `It fires on ${formatShare(frequency)} of the tokens, more than ${formatShare(DENSE)}: its windows show no one pattern that a phrase could name.` }; // prettier-ignore
  if (positionInformation > POSITIONAL_BITS)
    return { method: 'positional', reason: `Where in a passage it fires says more than what stands there: ${positionInformation.toFixed(2)} bits a token, where ${POSITIONAL_BITS} is the limit.` }; // prettier-ignore
  const [top] = tokens;
  if (singleToken === 'strong' && top !== undefined) {
    const share = top.occurrences > 0 ? top.active / top.occurrences : 0;
    if (share >= TOKEN_SHARE)
      return { method: 'single_token', reason: `It fires on one token and on ${formatShare(share)} of that token’s occurrences, so the token itself is the explanation.` }; // prettier-ignore
    if (silent.length > 0)
      return { method: 'contrastive', reason: `It fires on one token but only on ${formatShare(share)} of its occurrences, so what surrounds it was set against places where it is silent.` }; // prettier-ignore
  }
  if (logits !== null && logits.concentration >= CONCENTRATED)
    return { method: 'logit_aware', reason: `The tokens that it promotes stand out ${logits.concentration.toFixed(1)} times as far as chance would have them, so the model was shown them too.` }; // prettier-ignore
  return { method: 'default', reason: 'Nothing in its statistics calls for another method.' };
}
