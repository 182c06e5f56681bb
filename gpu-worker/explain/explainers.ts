import type { StageMethod } from '#lib/explanation/methods.ts';
import { bestOfKExplainer } from './best-of-k.ts';
import { contrastiveExplainer } from './contrastive.ts';
import { defaultExplainer } from './default.ts';
import type { Explainer } from './explainer.ts';
import { logitAwareExplainer } from './logit-aware.ts';
import { positionalExplainer } from './positional.ts';
import { refineExplainer } from './refine.ts';
import { singleTokenExplainer } from './single-token.ts';

/** An explainer for every method; a missing one is a type error. */
export const EXPLAINER_OF: Readonly<Record<StageMethod, Explainer>> = {
  default: defaultExplainer,
  contrastive: contrastiveExplainer,
  single_token: singleTokenExplainer,
  positional: positionalExplainer,
  logit_aware: logitAwareExplainer,
  best_of_k: bestOfKExplainer,
  refine: refineExplainer,
};
