import { askOnce } from './ask.ts';
import type { Explainer } from './explainer.ts';
import { defaultPrompt } from './prompts/default.ts';

/**
 * The paper's explainer (Paulo et al. 2024, §3.2; method.md §4.1–4.2): all train windows with the firing tokens marked, with
 * or without their strengths, with or without notes before the answer (chain of thought); one phrase back. Notes are
 * part of the answer that is asked for and stay in the raw answer alone.
 */
export const defaultExplainer: Explainer = {
  method: 'default',
  asks: true,
  prepare: ({ firing }, settings) => askOnce(defaultPrompt(firing, settings), { method: 'default', firing }, settings),
};
