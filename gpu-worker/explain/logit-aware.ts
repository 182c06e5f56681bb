import { askOnce } from './ask.ts';
import type { Explainer } from './explainer.ts';
import { logitAwarePrompt } from './prompts/logit-aware.ts';

/**
 * The default's evidence and the tokens that the latent promotes and suppresses by the direct path W_U W_dec[f], for
 * latents whose meaning is in what they write (method.md §4.3: tried as the logit lens in the authors' blog without a
 * measurable gain over all latents, so the router chooses it only where the effects are concentrated).
 */
export const logitAwareExplainer: Explainer = {
  method: 'logit_aware',
  asks: true,
  prepare({ firing, profile }, settings) {
    if (profile.logits === null) return { kind: 'unfit', reason: 'It is not known which tokens this latent promotes: its coder writes nothing that reaches the logits directly.' };
    return askOnce(logitAwarePrompt(firing, profile.logits, settings), { method: 'logit_aware', firing }, settings);
  },
}; // prettier-ignore
